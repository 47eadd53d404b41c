#include "core/model/recurrence_util.h"

namespace fm {

at::ScalarType computeDtype(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

at::Tensor toComputePrecision(const at::Tensor& x) { return x.defined() ? x.to(computeDtype(x.scalar_type())) : x; }

bool runsOnKernels(const at::Tensor& x) { return x.device().is_cpu() && x.scalar_type() == at::kFloat; }

at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device) {
    const at::Tensor position = at::arange(tokens, at::TensorOptions().dtype(at::kInt).device(device));
    return (position.unsqueeze(0) < lengths_B.to(device).unsqueeze(1)).unsqueeze(-1);
}

float* allocateLike(const at::Tensor& like, at::Tensor& made) {
    made = at::empty(like.sizes(), like.options());
    return made.mutable_data_ptr<float>();
}

}  // namespace fm
