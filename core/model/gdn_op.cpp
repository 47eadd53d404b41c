#include "core/model/gdn_op.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/assert.h"
#include "core/model/chunked_gdn.h"
#include "core/model/recurrence_util.h"
#include "kernels/cpu/gdn.h"

namespace fm {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::LinearShape kernelShape(const GdnInputs& in) {
    return {in.q_BTHk.size(0), in.q_BTHk.size(1), in.q_BTHk.size(2),
            in.q_BTHk.size(3), in.v_BTHv.size(3), static_cast<float>(in.scale)};
}

GdnInputs inComputePrecision(const GdnInputs& in) {
    GdnInputs out = in;
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv, &out.g_BTH, &out.beta_BTH, &out.initial_state_BHkv})
        *t = toComputePrecision(*t);
    if (out.initial_state_BHkv.defined()) out.initial_state_BHkv = out.initial_state_BHkv.detach();
    return out;
}

kernels::GdnForward kernelInputs(const GdnInputs& in) {
    kernels::GdnForward args;
    args.shape = kernelShape(in);
    args.q_BTHk = in.q_BTHk.const_data_ptr<float>();
    args.k_BTHk = in.k_BTHk.const_data_ptr<float>();
    args.v_BTHv = in.v_BTHv.const_data_ptr<float>();
    args.g_BTH = in.g_BTH.const_data_ptr<float>();
    args.beta_BTH = in.beta_BTH.const_data_ptr<float>();
    if (in.lengths_B.defined()) args.lengths_B = in.lengths_B.const_data_ptr<std::int32_t>();
    if (in.initial_state_BHkv.defined()) args.initial_state_BHkv = in.initial_state_BHkv.const_data_ptr<float>();
    return args;
}

GdnInputs contiguousInputs(const GdnInputs& in) {
    GdnInputs out = in;
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv, &out.g_BTH, &out.beta_BTH, &out.initial_state_BHkv})
        if (t->defined()) *t = t->contiguous();
    return out;
}

// Inputs are contiguous fp32. `checkpoints` and `final_state` may be null.
at::Tensor kernelForward(const GdnInputs& in, at::Tensor* checkpoints, at::Tensor* final_state) {
    kernels::GdnForward args = kernelInputs(in);
    if (checkpoints) {
        *checkpoints = at::empty({kernels::gdnCheckpointFloats(args.shape)}, in.v_BTHv.options());
        args.checkpoints = checkpoints->mutable_data_ptr<float>();
    }
    return runForwardKernel(args, in.v_BTHv, final_state, kernels::gdnForward);
}

GdnGradients kernelBackward(const GdnInputs& in, const at::Tensor& checkpoints, const at::Tensor& d_out) {
    kernels::GdnBackward args;
    args.forward = kernelInputs(in);
    // the backward kernels read what the forward stored and do not write it
    args.forward.checkpoints = const_cast<float*>(checkpoints.const_data_ptr<float>());
    const at::Tensor d_out_contiguous = d_out.contiguous();
    args.do_BTHv = d_out_contiguous.const_data_ptr<float>();
    GdnGradients grads;
    args.dq_BTHk = allocateLike(in.q_BTHk, grads.dq_BTHk);
    args.dk_BTHk = allocateLike(in.k_BTHk, grads.dk_BTHk);
    args.dv_BTHv = allocateLike(in.v_BTHv, grads.dv_BTHv);
    args.dg_BTH = allocateLike(in.g_BTH, grads.dg_BTH);
    args.dbeta_BTH = allocateLike(in.beta_BTH, grads.dbeta_BTH);
    runBackwardKernel(args, kernels::gdnBackwardWorkspaceFloats(args.forward.shape), in.q_BTHk.options(),
                      kernels::gdnBackward);
    return grads;
}

// The kernels under autograd. `in` holds the same five tensors (contiguous fp32) and the constants.
struct KernelGdn : torch::autograd::Function<KernelGdn> {
    static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const at::Tensor& g, const at::Tensor& beta, const GdnInputs* in,
                              at::Tensor* final_state) {
        at::Tensor checkpoints;
        const at::Tensor o = kernelForward(*in, &checkpoints, final_state);
        ctx->save_for_backward({q, k, v, g, beta, in->initial_state_BHkv, in->lengths_B, checkpoints});
        ctx->saved_data["scale"] = in->scale;
        return o;
    }
    static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
        const variable_list s = ctx->get_saved_variables();
        const GdnInputs in{s[0], s[1], s[2], s[3], s[4], ctx->saved_data["scale"].toDouble(), s[5], s[6]};
        const GdnGradients d = kernelBackward(in, s[7], grads[0]);
        return {d.dq_BTHk, d.dk_BTHk, d.dv_BTHv, d.dg_BTH, d.dbeta_BTH, at::Tensor(), at::Tensor()};
    }
};

// Tokens that do not count neither write (k = 0, beta = 0) nor decay (g = 0) the state.
GdnInputs withLengthsApplied(const GdnInputs& in) {
    if (!in.lengths_B.defined()) return in;
    GdnInputs out = in;
    const at::Tensor valid = validTokens(in.lengths_B, in.q_BTHk.size(1), in.q_BTHk.device());  // [B,T,1]
    out.g_BTH = at::where(valid, in.g_BTH, 0);
    out.beta_BTH = at::where(valid, in.beta_BTH, 0);
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv}) *t = at::where(valid.unsqueeze(-1), *t, 0);
    return out;
}

bool needsGraph(const GdnInputs& in) {
    if (!at::GradMode::is_enabled()) return false;
    for (const at::Tensor* t : {&in.q_BTHk, &in.k_BTHk, &in.v_BTHv, &in.g_BTH, &in.beta_BTH})
        if (t->requires_grad()) return true;
    return false;
}

void checkShapes(const GdnInputs& in) {
    FM_ASSERT(in.q_BTHk.dim() == 4 && in.q_BTHk.sizes() == in.k_BTHk.sizes(), "q and k are BTHk of one shape");
    FM_ASSERT(in.v_BTHv.dim() == 4 && in.v_BTHv.sizes().slice(0, 3) == in.q_BTHk.sizes().slice(0, 3),
              "v is BTHv with the batch, tokens and heads of q");
    FM_ASSERT(in.g_BTH.sizes() == in.q_BTHk.sizes().slice(0, 3) && in.beta_BTH.sizes() == in.g_BTH.sizes(),
              "g and beta are BTH");
    static_cast<void>(in);
}

}  // namespace

at::Tensor gdnRecurrence(const GdnInputs& inputs, at::Tensor* final_state) {
    checkShapes(inputs);
    const GdnInputs in = inComputePrecision(inputs);
    if (!runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        const at::Tensor o = chunked::gdn(withLengthsApplied(in), final_state);
        if (final_state) *final_state = final_state->detach();
        return o;
    }
    const GdnInputs dense = contiguousInputs(in);
    if (!needsGraph(dense)) return kernelForward(dense, nullptr, final_state);
    return KernelGdn::apply(dense.q_BTHk, dense.k_BTHk, dense.v_BTHv, dense.g_BTH, dense.beta_BTH, &dense, final_state);
}

at::Tensor gdnForwardSaved(const GdnInputs& inputs, at::Tensor& checkpoints) {
    checkShapes(inputs);
    const at::NoGradGuard no_grad;
    const GdnInputs in = contiguousInputs(inComputePrecision(inputs));
    if (runsOnKernels(in.k_BTHk, in.v_BTHv)) return kernelForward(in, &checkpoints, nullptr);
    checkpoints = at::Tensor();
    return chunked::gdn(withLengthsApplied(in), nullptr);
}

GdnGradients gdnBackward(const GdnInputs& inputs, const at::Tensor& checkpoints, const at::Tensor& d_out) {
    const at::Tensor d_out_compute = toComputePrecision(d_out);
    const GdnInputs in = contiguousInputs(inComputePrecision(inputs));
    if (runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        const at::NoGradGuard no_grad;
        return kernelBackward(in, checkpoints, d_out_compute);
    }
    const at::AutoGradMode enable(true);
    GdnInputs leaf = in;
    variable_list leaves;
    for (at::Tensor* t : {&leaf.q_BTHk, &leaf.k_BTHk, &leaf.v_BTHv, &leaf.g_BTH, &leaf.beta_BTH}) {
        *t = t->detach().requires_grad_();
        leaves.push_back(*t);
    }
    const at::Tensor o = chunked::gdn(withLengthsApplied(leaf), nullptr);
    const variable_list d = torch::autograd::grad({o}, leaves, {d_out_compute});
    return {d[0], d[1], d[2], d[3], d[4]};
}

at::Tensor gdnDecode(const GdnInputs& inputs, at::Tensor& state) {
    FM_ASSERT(inputs.q_BTHk.size(1) == 1 && !inputs.lengths_B.defined(), "decode takes one token and no padding");
    const at::NoGradGuard no_grad;
    const GdnInputs in = contiguousInputs(inComputePrecision(inputs));
    if (runsOnKernels(in.k_BTHk, in.v_BTHv)) {
        at::Tensor o = at::empty(in.v_BTHv.sizes(), in.v_BTHv.options());
        const kernels::GdnForward pointers = kernelInputs(in);
        state = state.contiguous();
        const kernels::GdnDecode args{pointers.shape,
                                      pointers.q_BTHk,
                                      pointers.k_BTHk,
                                      pointers.v_BTHv,
                                      pointers.g_BTH,
                                      pointers.beta_BTH,
                                      state.mutable_data_ptr<float>(),
                                      o.mutable_data_ptr<float>()};
        at::parallel_for(0, args.shape.pairs(), 4,
                         [&args](std::int64_t first, std::int64_t last) { kernels::gdnDecode(args, first, last); });
        return o;
    }
    const auto row = [](const at::Tensor& x_B1Hd) { return x_B1Hd.squeeze(1).unsqueeze(-2); };  // [B,H,1,d]
    const at::Tensor q = row(in.q_BTHk), k = row(in.k_BTHk), v = row(in.v_BTHv);
    const auto scalar = [](const at::Tensor& x_B1H) { return x_B1H.squeeze(1).unsqueeze(-1).unsqueeze(-1); };
    const at::Tensor decayed = state * scalar(in.g_BTH).exp();
    const at::Tensor update = scalar(in.beta_BTH) * (v - at::matmul(k, decayed));
    state = decayed + at::matmul(k.transpose(-1, -2), update);
    return at::matmul(q, state).mul_(in.scale).transpose(1, 2);
}

}  // namespace fm
