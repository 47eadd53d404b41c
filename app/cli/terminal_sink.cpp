#include "app/cli/terminal_sink.h"

#include <cmath>

#include "core/base/byte_text.h"

namespace fm::cli {

namespace {

constexpr std::chrono::milliseconds kRewriteEvery{100};
constexpr std::chrono::milliseconds kPlainLineEvery{5000};

const char* label(Severity severity) {
    switch (severity) {
        case Severity::Warning:
            return "warning: ";
        case Severity::Error:
            return "error: ";
        case Severity::Info:
            break;
    }
    return "";
}

}  // namespace

std::string formatDuration(double seconds) {
    const long long total = std::llround(std::fmax(seconds, 0));
    char text[64];
    if (total < 60) {
        std::snprintf(text, sizeof text, "%lld s", total);
    } else if (total < 3600) {
        std::snprintf(text, sizeof text, "%lld min %lld s", total / 60, total % 60);
    } else {
        std::snprintf(text, sizeof text, "%lld h %lld min", total / 3600, total % 3600 / 60);
    }
    return text;
}

std::string formatProgress(const std::string& job, const Progressed& progress) {
    char text[160];
    std::string line = job;
    std::snprintf(text, sizeof text, "  %lld/%lld %s", static_cast<long long>(progress.done),
                  static_cast<long long>(progress.total), progress.unit.c_str());
    line += text;
    if (progress.total > 0) {
        const double percent = 100.0 * static_cast<double>(progress.done) / static_cast<double>(progress.total);
        std::snprintf(text, sizeof text, "  %.0f %%", std::floor(percent));
        line += text;
    }
    if (progress.tokens_per_s > 0) {
        std::snprintf(text, sizeof text, "  %.0f tokens/s", progress.tokens_per_s);
        line += text;
    }
    if (progress.memory_bytes > 0) line += "  " + byteText(static_cast<double>(progress.memory_bytes));
    if (progress.eta_s >= 0 && progress.done < progress.total) line += "  " + formatDuration(progress.eta_s) + " left";
    return line;
}

TerminalSink::TerminalSink(std::FILE* stream, bool rewrite, bool quiet)
    : stream_(stream), rewrite_(rewrite), quiet_(quiet) {}

TerminalSink::~TerminalSink() {
    if (line_open_) std::fputc('\n', stream_);
}

void TerminalSink::post(const RunEvent& event) {
    if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
        job_ = opened->job;
        if (!quiet_) say("run " + opened->run_id + " on " + opened->device);
    } else if (const auto* progress = std::get_if<Progressed>(&event.body)) {
        if (!quiet_) show(*progress);
    } else if (const auto* logged = std::get_if<Logged>(&event.body)) {
        if (!quiet_ || logged->severity != Severity::Info) say(label(logged->severity) + logged->text);
    } else if (const auto* changed = std::get_if<StateChanged>(&event.body)) {
        if (!quiet_ && changed->state == RunState::Paused) say(job_ + " paused");
    }
}

void TerminalSink::show(const Progressed& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_show_ && progress.done < progress.total) return;
    next_show_ = now + (rewrite_ ? kRewriteEvery : kPlainLineEvery);
    const std::string line = formatProgress(job_, progress);
    clearLine();
    std::fputs(line.c_str(), stream_);
    line_open_ = rewrite_ && progress.done < progress.total;
    if (!line_open_) std::fputc('\n', stream_);
    std::fflush(stream_);
}

void TerminalSink::say(const std::string& line) {
    clearLine();
    std::fputs((line + "\n").c_str(), stream_);
    std::fflush(stream_);
}

void TerminalSink::clearLine() {
    if (line_open_) std::fputs("\r\033[K", stream_);
    line_open_ = false;
}

}  // namespace fm::cli
