#include "core/ops/precision.h"

#include <ATen/ATen.h>

namespace fm {

at::ScalarType computeDtype(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

at::Tensor toComputePrecision(const at::Tensor& x) { return x.defined() ? x.to(computeDtype(x.scalar_type())) : x; }

}  // namespace fm
