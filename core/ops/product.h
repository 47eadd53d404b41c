// The matrix product under every projection.
#pragma once

#include <ATen/core/Tensor.h>

namespace fm {

// a b^T for a [.., K] and b [M, K] of one dtype, any strides; result [.., M]. Differentiable, also twice.
// fp32 on the CPU goes through oneDNN: against the BLAS behind at::linear it measured 2.2 times as fast on an AMD
// processor with AVX-512, 1.0 to 1.3 times when that was limited to AVX2, with the same rounding errors (Intel: not
// measured). Everything else is at::linear.
at::Tensor product(const at::Tensor& a_NK, const at::Tensor& b_MK);

}  // namespace fm
