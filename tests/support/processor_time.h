// Processor time, which other programs on the machine cannot lengthen.
#pragma once

#include <time.h>

namespace fixture {

inline double clockMs(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

inline double threadMs() { return clockMs(CLOCK_THREAD_CPUTIME_ID); }    // of the calling thread
inline double processMs() { return clockMs(CLOCK_PROCESS_CPUTIME_ID); }  // of all its threads

}  // namespace fixture
