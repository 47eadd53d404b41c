// What `flashmorph bench kernels` prints: times of the CPU kernels, and with --check their errors against the float64
// references. One thread, thread CPU time; both use the path of kernelPath().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fm::kernels {

struct KernelTiming {
    std::string kernel;            // "gdn", "lightning"
    std::string pass;              // "forward", "backward", "decode"
    std::int64_t dim = 0;          // dk = dv
    double us_per_token_head = 0;  // median of the repeats
    double best_us_per_token_head = 0;
};

// Forward of GDN includes writing the checkpoints that its backward reads. About one second in all.
std::vector<KernelTiming> benchKernels();

struct KernelCheck {
    std::string kernel;
    std::string shape;   // "B2 T65 H3 k32 v48 ragged"
    std::string output;  // "o", "dq", ..., "decode o"
    double relative_l2 = 0;
    double relative_max = 0;
    double bound = 0;                                 // of relative_l2
    bool ok() const { return relative_l2 <= bound; }  // false for NaN
};

// Bounds: outputs of forward and decode, and gradients. fp32 sums of 100 or so terms: 2^-24 sqrt(100) = 6e-7 and a
// small factor for the recurrence; gradients pass through it twice and subtract sums (dg, dbeta).
inline constexpr double kForwardBound = 2e-6;
inline constexpr double kGradientBound = 1e-5;

// A small table of shapes, odd lengths and ragged batches; a fraction of a second.
std::vector<KernelCheck> checkKernels();

}  // namespace fm::kernels
