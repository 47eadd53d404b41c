// Shows a running job on stderr: one line that is rewritten on a terminal, plain lines now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "core/run/event.h"

namespace fm::cli {

// "  1.2 h", "3 min 20 s", "12 s"; for people.
std::string formatDuration(double seconds);
// "gates  120/500 steps  24 %  3,400 tokens/s  1 min 50 s left"
std::string formatProgress(const std::string& job, const Progressed& progress);

// Thread: the job's thread. Never waits, never throws.
class TerminalSink final : public EventSink {
public:
    // `quiet`: warnings and errors only. `rewrite`: the stream is a terminal.
    TerminalSink(std::FILE* stream, bool rewrite, bool quiet);
    ~TerminalSink() override;
    void post(const RunEvent& event) override;

private:
    void show(const Progressed& progress);
    void say(const std::string& line);
    void clearLine();

    std::FILE* stream_;
    bool rewrite_;
    bool quiet_;
    std::string job_;
    bool line_open_ = false;  // a progress line without its newline stands on the terminal
    std::chrono::steady_clock::time_point next_show_{};
};

}  // namespace fm::cli
