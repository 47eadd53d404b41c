#include "core/run/run_id.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <ctime>
#include <random>

namespace fm {

static constexpr std::size_t time_chars = 16;
static constexpr std::size_t tail_chars = 6;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); }
static bool isJobChar(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || c == '_'; }

std::string makeRunId(std::string_view job) {
    assert(!job.empty() && std::all_of(job.begin(), job.end(), isJobChar));
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char time_text[32];
    std::strftime(time_text, sizeof time_text, "%Y%m%dT%H%M%SZ", &utc);
    char tail[16];
    std::snprintf(tail, sizeof tail, "%06x", std::random_device{}() & 0xffffffu);
    return std::string(time_text) + "-" + std::string(job) + "-" + tail;
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

}  // namespace fm
