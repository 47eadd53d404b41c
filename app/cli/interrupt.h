// Ctrl-C: the first asks the job to stop and keep everything, the second ends the process.
#pragma once

#include <atomic>
#include <thread>

#include "core/run/run_control.h"

namespace fm::cli {

// While it lives, SIGINT and SIGTERM call control.stop() once, on a thread of this object; the second signal ends the
// process with code 130 at once. Outside, signals have their usual effect. At most one at a time.
class InterruptGuard {
public:
    explicit InterruptGuard(RunControl& control);
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

private:
    void waitForSignal();

    RunControl& control_;
    int pipe_[2] = {-1, -1};  // the handler may only write a byte: RunControl takes a mutex
    std::thread watcher_;
};

}  // namespace fm::cli
