// Every implementation of every recurrence against the float64 recurrence, token by token, on one table of problems.
#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace fm {

struct OperatorCheck {
    std::string recurrence;      // "gdn"
    std::string implementation;  // "avx512", "chunked", "chunked float64", "sm_90"
    std::string shape;
    std::string output;  // "o", "saved o", "final state", "dq", ..., "decode o"
    double relative_l2 = 0;
    double bound = 0;
    bool ok = false;  // within the bound; NaN, which stands where nothing was written, never is
};

// Forward, saved forward and backward, and decode of the short problems without padding. Some seconds.
std::vector<OperatorCheck> checkOperators(at::Device device);

}  // namespace fm
