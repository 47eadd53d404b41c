// The yardstick of `flashmorph bench kernels`: the same recurrences through LibTorch's operators.
#pragma once

#include <cstdint>

namespace fm::cli {

struct AtenTiming {
    double forward_us = 0;   // per token and head, median, one thread
    double backward_us = 0;  // without the forward
};

// Shape of kernels::benchKernels(): 512 tokens, 2 heads, keys and values `dim` wide.
AtenTiming timeAtenGdn(std::int64_t dim);
AtenTiming timeAtenLightning(std::int64_t dim);

}  // namespace fm::cli
