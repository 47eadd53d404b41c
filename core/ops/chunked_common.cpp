#include "core/ops/chunked_common.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <limits>

namespace fm::chunked {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::int64_t paddedTokens(std::int64_t tokens) { return (tokens + kChunk - 1) / kChunk * kChunk; }

// The gradient of an inverse is -T^T dT T^T; keeping only T saves what autograd would store of the solve.
struct UnitLowerInverse : torch::autograd::Function<UnitLowerInverse> {
    static at::Tensor forward(AutogradContext* ctx, const at::Tensor& strictly_lower) {
        const at::Tensor eye = at::eye(strictly_lower.size(-1), strictly_lower.options()).expand_as(strictly_lower);
        // unitriangular: the diagonal is taken as 1 and the upper half is not read, whatever stands there
        const at::Tensor inverse = at::linalg_solve_triangular(strictly_lower, eye, /*upper=*/false, /*left=*/true,
                                                               /*unitriangular=*/true);
        ctx->save_for_backward({inverse});
        return inverse;
    }
    static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
        const at::Tensor inverse_t = transposed(ctx->get_saved_variables()[0]);
        return {at::matmul(at::matmul(inverse_t, grads[0]), inverse_t).tril_(-1).neg_()};
    }
};

struct AffineScan : torch::autograd::Function<AffineScan> {
    static at::Tensor forward(AutogradContext* ctx, const at::Tensor& transition, const at::Tensor& injection,
                              const at::Tensor& initial) {
        const std::int64_t chunks = transition.size(0);
        at::Tensor states =
            at::empty({chunks + 1, injection.size(1), injection.size(2), injection.size(3)}, injection.options());
        states[0].copy_(initial);
        for (std::int64_t n = 0; n < chunks; ++n) {
            at::Tensor next = states[n + 1];
            at::baddbmm_out(next, injection[n], transition[n], states[n]);
        }
        ctx->save_for_backward({transition, states});
        return states;
    }
    static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
        const variable_list saved = ctx->get_saved_variables();
        const at::Tensor& transition = saved[0];
        const at::Tensor& states = saved[1];
        const std::int64_t chunks = transition.size(0);
        // arriving[n]: everything that reaches S[n], from its readers and from S[n+1]
        at::Tensor arriving = at::empty(grads[0].sizes(), grads[0].options());
        arriving[chunks].copy_(grads[0][chunks]);
        for (std::int64_t n = chunks - 1; n >= 0; --n) {
            at::Tensor here = arriving[n];
            at::baddbmm_out(here, grads[0][n], transposed(transition[n]), arriving[n + 1]);
        }
        const at::Tensor d_injection = arriving.narrow(0, 1, chunks);
        const at::Tensor d_transition = at::matmul(d_injection, transposed(states.narrow(0, 0, chunks)));
        return {d_transition, d_injection, arriving[0]};
    }
};

}  // namespace

at::Tensor toChunks(const at::Tensor& x_BTHd) {
    const std::int64_t batch = x_BTHd.size(0), tokens = x_BTHd.size(1), heads = x_BTHd.size(2), dim = x_BTHd.size(3);
    const std::int64_t padded = paddedTokens(tokens);
    const at::Tensor x = padded == tokens ? x_BTHd : at::constant_pad_nd(x_BTHd, {0, 0, 0, 0, 0, padded - tokens});
    return x.reshape({batch, padded / kChunk, kChunk, heads, dim})
        .permute({1, 0, 3, 2, 4})
        .reshape({padded / kChunk, batch * heads, kChunk, dim});
}

at::Tensor toChunkScalars(const at::Tensor& x_BTH) { return toChunks(x_BTH.unsqueeze(-1)).squeeze(-1); }

at::Tensor fromChunks(const at::Tensor& x_NPCd, std::int64_t batch, std::int64_t tokens) {
    const std::int64_t chunks = x_NPCd.size(0), heads = x_NPCd.size(1) / batch, dim = x_NPCd.size(3);
    return x_NPCd.view({chunks, batch, heads, kChunk, dim})
        .permute({1, 0, 3, 2, 4})
        .reshape({batch, chunks * kChunk, heads, dim})
        .narrow(1, 0, tokens);
}

at::Tensor decayMatrix(const at::Tensor& cumulative) {
    const std::int64_t chunk = cumulative.size(-1);
    const at::Tensor above = at::ones({chunk, chunk}, cumulative.options().dtype(at::kBool)).triu_(1);
    const at::Tensor exponent = cumulative.unsqueeze(-1) - cumulative.unsqueeze(-2);
    return exponent.masked_fill(above, -std::numeric_limits<double>::infinity()).exp();
}

at::Tensor unitLowerInverse(const at::Tensor& strictly_lower) { return UnitLowerInverse::apply(strictly_lower); }

at::Tensor affineScan(const at::Tensor& transition, const at::Tensor& injection, const at::Tensor& initial) {
    const at::Tensor first = initial.defined() ? initial : at::zeros(injection.sizes().slice(1), injection.options());
    return AffineScan::apply(transition, injection, first);
}

at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device) {
    const at::Tensor position = at::arange(tokens, at::TensorOptions().dtype(at::kInt).device(device));
    return (position.unsqueeze(0) < lengths_B.to(device).unsqueeze(1)).unsqueeze(-1);
}

at::Tensor tokenRow(const at::Tensor& x_B1Hd) { return x_B1Hd.squeeze(1).unsqueeze(-2); }

RecurrenceGradients gradientsThroughGraph(const RecurrenceInputs& inputs, std::size_t trained_controls,
                                          at::Tensor (*forward)(const RecurrenceInputs&, at::Tensor*, at::Tensor*),
                                          const at::Tensor& do_BTHv) {
    const at::AutoGradMode enable(true);
    RecurrenceInputs leaf = inputs;
    std::vector<at::Tensor*> wanted = {&leaf.q_BTHk, &leaf.k_BTHk, &leaf.v_BTHv};
    for (std::size_t i = 0; i < trained_controls; ++i) wanted.push_back(&leaf.controls[i]);
    variable_list leaves;
    for (at::Tensor* t : wanted) {
        *t = t->detach().requires_grad_();
        leaves.push_back(*t);
    }
    const variable_list d = torch::autograd::grad({forward(leaf, nullptr, nullptr)}, leaves, {do_BTHv});
    return {d[0], d[1], d[2], {d.begin() + 3, d.end()}};
}

}  // namespace fm::chunked
