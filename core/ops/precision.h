// In which precision the recurrences and what stands around them compute.
#pragma once

#include <ATen/core/Tensor.h>

namespace fm {

// fp32 for everything narrower, float64 stays.
at::ScalarType computeDtype(at::ScalarType dtype);
at::Tensor toComputePrecision(const at::Tensor& x);  // undefined stays undefined

}  // namespace fm
