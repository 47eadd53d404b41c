// Decisions that the recurrence operators share: in which precision they compute, and when the CPU kernels serve.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fm {

// fp32 for everything narrower, float64 stays.
at::ScalarType computeDtype(at::ScalarType dtype);
at::Tensor toComputePrecision(const at::Tensor& x);  // undefined stays undefined

// True for fp32 tensors on the CPU: kernels/cpu has the recurrences in that precision only.
bool runsOnKernels(const at::Tensor& compute_precision);

// [B,T,1] bool on `device`: token t of sequence b counts.
at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device);

}  // namespace fm
