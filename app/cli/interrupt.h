// Ctrl-C: the first asks the job to stop and keep everything, the second ends the process.
#pragma once

#include <array>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

namespace fm::cli {

// First thing in main(). Ctrl-C, SIGTERM and a closed terminal (SIGHUP, unless it is ignored, as `nohup` asks for) end
// the process with code 130; a file that reaches `ulimit -f` is an error with a remedy and not the end of the process.
void prepareSignals();

// While it lives, SIGINT, SIGTERM and SIGHUP (unless ignored) call `stop` once, on a thread of this object; the second
// signal ends the process with code 130 at once. Outside, signals have the effect they had before. At most one at a
// time. Thread: the main one, to which the kernel gives signals first.
class InterruptGuard {
public:
    explicit InterruptGuard(std::function<void()> stop);
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

private:
    void waitForSignal();

    std::function<void()> stop_;
    int pipe_[2] = {-1, -1};  // the handler may only write a byte: `stop_` takes a mutex
    std::thread watcher_;
    std::vector<char> handler_stack_ = std::vector<char>(64 * 1024);
    stack_t old_stack_ = {};
    std::array<struct sigaction, 3> old_actions_ = {};
};

}  // namespace fm::cli
