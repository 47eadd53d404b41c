#include "core/ops/recurrence.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/base/assert.h"
#include "core/ops/precision.h"

namespace fm {

namespace {

Recurrence::MaybeTensor maybe(const at::Tensor& x) { return x.defined() ? Recurrence::MaybeTensor(x) : std::nullopt; }

Recurrence::MaybeTensor allocateFinalState(const RecurrenceInputs& in, at::Tensor* final_state_BHkv) {
    if (!final_state_BHkv) return std::nullopt;
    *final_state_BHkv =
        at::empty({in.q_BTHk.size(0), in.q_BTHk.size(2), in.q_BTHk.size(3), in.v_BTHv.size(3)},
                  in.v_BTHv.options().dtype(computeDtype(in.v_BTHv.scalar_type())).requires_grad(false));
    return *final_state_BHkv;
}

}  // namespace

Recurrence::Recurrence(const std::string& name, const std::string& overload)
    : forward_(findOperator<Forward>(name, "_forward", overload)),
      forward_saved_(findOperator<ForwardSaved>(name, "_forward_saved", overload)),
      backward_(findOperator<Backward>(name, "_backward", overload)),
      decode_(findOperator<Decode>(name, "_decode", overload)),
      path_(findOperator<Path>(name, "_path", overload)) {}

at::Tensor Recurrence::forward(const RecurrenceInputs& in, at::Tensor* final_state) const {
    return forward_.call(in.q_BTHk, in.k_BTHk, in.v_BTHv, in.controls, in.scale, maybe(in.initial_state_BHkv),
                         maybe(in.lengths_B), allocateFinalState(in, final_state));
}

at::Tensor Recurrence::forwardSaved(const RecurrenceInputs& in, at::Tensor& saved) const {
    const at::NoGradGuard no_grad;
    at::Tensor o_BTHv;
    std::tie(o_BTHv, saved) = forward_saved_.call(in.q_BTHk, in.k_BTHk, in.v_BTHv, in.controls, in.scale,
                                                  maybe(in.initial_state_BHkv), maybe(in.lengths_B), std::nullopt);
    return o_BTHv;
}

RecurrenceGradients Recurrence::backward(const RecurrenceInputs& in, const at::Tensor& saved,
                                         const at::Tensor& do_BTHv) const {
    const at::NoGradGuard no_grad;
    const std::vector<at::Tensor> d =
        backward_.call(in.q_BTHk, in.k_BTHk, in.v_BTHv, in.controls, in.scale, maybe(in.initial_state_BHkv),
                       maybe(in.lengths_B), maybe(saved), do_BTHv);
    return {d[0], d[1], d[2], {d.begin() + 3, d.end()}};
}

at::Tensor Recurrence::decode(const RecurrenceInputs& in, at::Tensor& state_BHkv) const {
    FM_ASSERT(in.q_BTHk.size(1) == 1 && !in.lengths_B.defined(), "decode takes one token and no padding");
    const at::NoGradGuard no_grad;
    state_BHkv = state_BHkv.contiguous();
    return decode_.call(in.q_BTHk, in.k_BTHk, in.v_BTHv, in.controls, in.scale, state_BHkv);
}

std::string Recurrence::path(const at::Tensor& k_BTHk, const at::Tensor& v_BTHv) const {
    return path_.call(k_BTHk, v_BTHv);
}

}  // namespace fm
