#include "core/model/recurrence_util.h"

#include <algorithm>

#include "kernels/cpu/chunk_layout.h"

namespace fm {

at::ScalarType computeDtype(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

at::Tensor toComputePrecision(const at::Tensor& x) { return x.defined() ? x.to(computeDtype(x.scalar_type())) : x; }

bool runsOnKernels(const at::Tensor& k_BTHk, const at::Tensor& v_BTHv) {
    return k_BTHk.device().is_cpu() && k_BTHk.scalar_type() == at::kFloat &&
           std::max(k_BTHk.size(-1), v_BTHv.size(-1)) <= kernels::kMaxHeadDim;
}

at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device) {
    const at::Tensor position = at::arange(tokens, at::TensorOptions().dtype(at::kInt).device(device));
    return (position.unsqueeze(0) < lengths_B.to(device).unsqueeze(1)).unsqueeze(-1);
}

float* allocateLike(const at::Tensor& like, at::Tensor& made) {
    made = at::empty(like.sizes(), like.options());
    return made.mutable_data_ptr<float>();
}

}  // namespace fm
