// Ctrl-C: the first asks the job to stop and keep everything, the second ends the process.
#pragma once

#include <csignal>
#include <functional>
#include <thread>
#include <vector>

namespace fm::cli {

// While it lives, SIGINT and SIGTERM call `stop` once, on a thread of this object; the second signal ends the
// process with code 130 at once. Outside, signals have their usual effect. At most one at a time. Thread: the main one,
// to which the kernel gives signals first.
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
};

}  // namespace fm::cli
