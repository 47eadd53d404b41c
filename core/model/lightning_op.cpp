#include "core/model/lightning_op.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/assert.h"
#include "core/model/chunked_lightning.h"
#include "core/model/recurrence_util.h"
#include "kernels/cpu/lightning.h"

namespace fm {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

LightningInputs prepared(const LightningInputs& in) {
    LightningInputs out = in;
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv, &out.log_decay_H, &out.initial_state_BHkv}) {
        *t = toComputePrecision(*t);
        if (t->defined()) *t = t->contiguous();
    }
    out.log_decay_H = out.log_decay_H.detach();
    if (out.initial_state_BHkv.defined()) out.initial_state_BHkv = out.initial_state_BHkv.detach();
    return out;
}

kernels::LightningForward kernelInputs(const LightningInputs& in) {
    kernels::LightningForward args;
    args.shape = {in.q_BTHk.size(0), in.q_BTHk.size(1), in.q_BTHk.size(2),
                  in.q_BTHk.size(3), in.v_BTHv.size(3), static_cast<float>(in.scale)};
    args.q_BTHk = in.q_BTHk.const_data_ptr<float>();
    args.k_BTHk = in.k_BTHk.const_data_ptr<float>();
    args.v_BTHv = in.v_BTHv.const_data_ptr<float>();
    args.log_decay_H = in.log_decay_H.const_data_ptr<float>();
    if (in.lengths_B.defined()) args.lengths_B = in.lengths_B.const_data_ptr<std::int32_t>();
    if (in.initial_state_BHkv.defined()) args.initial_state_BHkv = in.initial_state_BHkv.const_data_ptr<float>();
    return args;
}

at::Tensor kernelForward(const LightningInputs& in, at::Tensor* final_state) {
    kernels::LightningForward args = kernelInputs(in);
    return runForwardKernel(args, in.v_BTHv, final_state, kernels::lightningForward);
}

LightningGradients kernelBackward(const LightningInputs& in, const at::Tensor& d_out) {
    kernels::LightningBackward args;
    args.forward = kernelInputs(in);
    const at::Tensor d_out_contiguous = d_out.contiguous();
    args.do_BTHv = d_out_contiguous.const_data_ptr<float>();
    LightningGradients grads;
    args.dq_BTHk = allocateLike(in.q_BTHk, grads.dq_BTHk);
    args.dk_BTHk = allocateLike(in.k_BTHk, grads.dk_BTHk);
    args.dv_BTHv = allocateLike(in.v_BTHv, grads.dv_BTHv);
    runBackwardKernel(args, kernels::lightningBackwardWorkspaceFloats(args.forward.shape), in.q_BTHk.options(),
                      kernels::lightningBackward);
    return grads;
}

// The kernels under autograd. `in` holds the same three tensors (contiguous fp32) and the constants.
struct KernelLightning : torch::autograd::Function<KernelLightning> {
    static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const LightningInputs* in, at::Tensor* final_state) {
        ctx->save_for_backward({q, k, v, in->initial_state_BHkv, in->log_decay_H, in->lengths_B});
        ctx->saved_data["scale"] = in->scale;
        return kernelForward(*in, final_state);
    }
    static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
        const variable_list s = ctx->get_saved_variables();
        const LightningInputs in{s[0], s[1], s[2], s[4], ctx->saved_data["scale"].toDouble(), s[3], s[5]};
        const LightningGradients d = kernelBackward(in, grads[0]);
        return {d.dq_BTHk, d.dk_BTHk, d.dv_BTHv, at::Tensor(), at::Tensor()};
    }
};

// A query of 0 gives an output of 0; keys and values behind the last token that counts reach no output.
LightningInputs withPaddingSilenced(const LightningInputs& in) {
    if (!in.lengths_B.defined()) return in;
    LightningInputs out = in;
    const at::Tensor valid = validTokens(in.lengths_B, in.q_BTHk.size(1), in.q_BTHk.device()).unsqueeze(-1);
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv}) *t = at::where(valid, *t, 0);
    return out;
}

}  // namespace

at::Tensor lightningRecurrence(const LightningInputs& inputs, at::Tensor* final_state) {
    FM_ASSERT(inputs.q_BTHk.dim() == 4 && inputs.q_BTHk.sizes() == inputs.k_BTHk.sizes(),
              "q and k are BTHk of one shape");
    const LightningInputs in = prepared(inputs);
    if (!runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        const LightningInputs silenced = withPaddingSilenced(in);
        if (final_state) *final_state = chunked::lightningFinalState(silenced).detach();
        return chunked::lightning(silenced);
    }
    if (!at::GradMode::is_enabled()) return kernelForward(in, final_state);
    return KernelLightning::apply(in.q_BTHk, in.k_BTHk, in.v_BTHv, &in, final_state);
}

LightningGradients lightningBackward(const LightningInputs& inputs, const at::Tensor& d_out) {
    const LightningInputs in = prepared(inputs);
    const at::Tensor d_out_compute = toComputePrecision(d_out);
    if (runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        const at::NoGradGuard no_grad;
        return kernelBackward(in, d_out_compute);
    }
    const at::AutoGradMode enable(true);
    LightningInputs leaf = in;
    variable_list leaves;
    for (at::Tensor* t : {&leaf.q_BTHk, &leaf.k_BTHk, &leaf.v_BTHv}) {
        *t = t->detach().requires_grad_();
        leaves.push_back(*t);
    }
    const variable_list d =
        torch::autograd::grad({chunked::lightning(withPaddingSilenced(leaf))}, leaves, {d_out_compute});
    return {d[0], d[1], d[2]};
}

at::Tensor lightningDecode(const LightningInputs& inputs, at::Tensor& state) {
    FM_ASSERT(inputs.q_BTHk.size(1) == 1 && !inputs.lengths_B.defined(), "decode takes one token and no padding");
    const at::NoGradGuard no_grad;
    const LightningInputs in = prepared(inputs);
    if (runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        at::Tensor o = at::empty(in.v_BTHv.sizes(), in.v_BTHv.options());
        const kernels::LightningForward pointers = kernelInputs(in);
        state = state.contiguous();
        const kernels::LightningDecode args{pointers.shape,
                                            pointers.q_BTHk,
                                            pointers.k_BTHk,
                                            pointers.v_BTHv,
                                            pointers.log_decay_H,
                                            state.mutable_data_ptr<float>(),
                                            o.mutable_data_ptr<float>()};
        at::parallel_for(0, args.shape.pairs(), 4, [&args](std::int64_t first, std::int64_t last) {
            kernels::lightningDecode(args, first, last);
        });
        return o;
    }
    const auto row = [](const at::Tensor& x_B1Hd) { return x_B1Hd.squeeze(1).unsqueeze(-2); };  // [B,H,1,d]
    const at::Tensor key_BHk1 = row(in.k_BTHk).transpose(-1, -2);
    state = state * in.log_decay_H.exp().view({1, -1, 1, 1}) + at::matmul(key_BHk1, row(in.v_BTHv));
    return at::matmul(row(in.q_BTHk), state).mul_(in.scale).transpose(1, 2);
}

}  // namespace fm
