// The matrix product under every projection.
#pragma once

#include <ATen/core/Tensor.h>

namespace fm {

// a b^T for a [.., K] and b [M, K] of one dtype, any strides; result [.., M]. Differentiable, also twice.
// fp32 on the CPU goes through oneDNN, which on processors other than Intel's is up to twice as fast as the BLAS behind
// at::linear and never slower, with the same rounding errors; everything else is at::linear.
at::Tensor product(const at::Tensor& a_NK, const at::Tensor& b_MK);

}  // namespace fm
