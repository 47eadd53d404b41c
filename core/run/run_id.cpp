#include "core/run/run_id.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

#include "core/base/assert.h"
#include "core/base/error.h"

namespace fm {

static constexpr std::size_t time_chars = 16;
static constexpr std::size_t tail_chars = 6;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); }
static bool isJobChar(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || c == '_'; }

// "" past the year 9999, which the id has no room for.
static std::string timeText(std::time_t time) {
    constexpr int last_year = 9999 - 1900;
    std::tm utc{};
    if (gmtime_r(&time, &utc) == nullptr || utc.tm_year > last_year) return {};
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return text;
}

static std::time_t timeOf(std::string_view id) {
    std::tm utc{};
    if (!isRunId(id)) return 0;
    std::sscanf(std::string(id.substr(0, time_chars)).c_str(), "%4d%2d%2dT%2d%2d%2d", &utc.tm_year, &utc.tm_mon,
                &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec);
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    return timegm(&utc);
}

std::string makeRunId(std::string_view job, std::string_view newest) {
    FM_ASSERT(!job.empty() && std::all_of(job.begin(), job.end(), isJobChar), "a job's name is made of small letters");
    const std::time_t now = std::time(nullptr);
    const std::string now_text = timeText(now);
    if (now_text.empty())
        throw WorldError("this computer's clock is past the year 9999; set it, then start the job again");
    const std::string behind_newest = timeText(std::max(now, timeOf(newest) + 1));
    const std::string& time_text = behind_newest.empty() ? now_text : behind_newest;
    char tail[16];
    std::snprintf(tail, sizeof tail, "%06x", std::random_device{}() & 0xffffffu);
    return time_text + "-" + std::string(job) + "-" + tail;
}

bool isRunId(std::string_view id) {
    constexpr std::size_t longest = 96;
    if (id.size() < time_chars + tail_chars + 3 || id.size() > longest) return false;
    for (std::size_t i = 0; i < time_chars; ++i) {
        const char c = id[i];
        if (i == 8 ? c != 'T' : i == 15 ? c != 'Z' : !isDigit(c)) return false;
    }
    const std::string_view tail = id.substr(id.size() - tail_chars);
    const std::string_view job = id.substr(time_chars + 1, id.size() - time_chars - tail_chars - 2);
    return id[time_chars] == '-' && id[id.size() - tail_chars - 1] == '-' &&
           std::all_of(job.begin(), job.end(), isJobChar) && std::all_of(tail.begin(), tail.end(), isHex);
}

std::string clockWarning(std::string_view id) {
    constexpr std::time_t tolerance_s = 600;  // computers that share a study
    const std::time_t now = std::time(nullptr);
    if (timeOf(id) <= now + tolerance_s) return {};
    return "run " + std::string(id) + " lies ahead of this computer's clock, which says " + timeText(now) +
           ": check the clock. New runs are named as if they came after it, so that the newest run is the one made "
           "last";
}

}  // namespace fm
