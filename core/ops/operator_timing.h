// How long each implementation of each recurrence takes.
#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace fm {

struct OperatorShape {
    std::int64_t batch = 1, tokens = 512, heads = 2, dim = 64;
};

struct OperatorTiming {
    std::string recurrence;      // "gdn"
    std::string implementation;  // "avx512", "chunked", "sm_90"
    std::string pass;            // "forward", "forward saved", "backward", "decode"
    OperatorShape shape;
    double ms = 0;                 // median, wall-clock
    double us_per_token_head = 0;  // the same over batch * tokens * heads; decode has one token
};

// `implementation`: "" for what the operator itself chooses, or "chunked".
std::vector<OperatorTiming> timeOperator(const std::string& recurrence, const std::string& implementation,
                                         at::Device device, const OperatorShape& shape);

// Every recurrence and implementation on a device, at shapes of its size.
std::vector<OperatorTiming> timeOperators(at::Device device);

}  // namespace fm
