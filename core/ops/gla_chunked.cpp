#include <ATen/ATen.h>

#include "core/ops/chunked_common.h"
#include "core/ops/gla.h"

namespace fm {

namespace gla_chunked {
namespace {

using namespace chunked;

// Tokens that do not count neither write nor decay the state, and read nothing.
RecurrenceInputs withPaddingCleared(const RecurrenceInputs& in) {
    if (!in.lengths_B.defined()) return in;
    RecurrenceInputs out = in;
    const at::Tensor valid = validTokens(in.lengths_B, in.q_BTHk.size(1), in.q_BTHk.device()).unsqueeze(-1);
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv, &out.controls[0]}) *t = at::where(valid, *t, 0);
    return out;
}

// P_ij = sum_c q_ic k_jc exp(b_ic - b_jc) for i >= j, else 0. exp(-b) alone overflows, so a block is halved again and
// again: what the lower half reads of the upper one is a product of q exp(b - r) and k exp(r - b), where r is b at the
// lower half's first row, and both exponents are <= 0. What is left on the diagonal, i = j, has no exponent.
at::Tensor decayedScores(const at::Tensor& q_NPCk, const at::Tensor& k_NPCk, const at::Tensor& b_NPCk) {
    const std::int64_t rows = q_NPCk.size(2);
    at::Tensor scores = (q_NPCk * k_NPCk).sum(-1).unsqueeze(-1).unsqueeze(-1);  // blocks [N,P,C,1,1]
    for (std::int64_t half = 1; half < rows; half *= 2) {
        const auto halves = [&](const at::Tensor& x) { return x.unflatten(2, {rows / (2 * half), 2, half}); };
        const at::Tensor lower_b = halves(b_NPCk).select(3, 1), upper_b = halves(b_NPCk).select(3, 0);
        const at::Tensor first_b = lower_b.narrow(3, 0, 1);
        const at::Tensor reader = halves(q_NPCk).select(3, 1) * (lower_b - first_b).exp();
        const at::Tensor writer = halves(k_NPCk).select(3, 0) * (first_b - upper_b).exp();
        const at::Tensor between = at::matmul(reader, transposed(writer));
        const at::Tensor blocks = scores.unflatten(2, {rows / (2 * half), 2});
        scores = at::cat(
            {at::cat({blocks.select(3, 0), at::zeros_like(between)}, -1), at::cat({between, blocks.select(3, 1)}, -1)},
            -2);
    }
    return scores.squeeze(2);
}

at::Tensor forward(const RecurrenceInputs& inputs, at::Tensor*, at::Tensor* final_state) {
    const RecurrenceInputs in = withPaddingCleared(inputs);
    const std::int64_t batch = in.q_BTHk.size(0), tokens = in.q_BTHk.size(1), heads = in.q_BTHk.size(2);
    const at::Tensor q = toChunks(in.q_BTHk), k = toChunks(in.k_BTHk), v = toChunks(in.v_BTHv);
    const at::Tensor cumulative = toChunks(in.controls[0]).cumsum(2);
    const at::Tensor last = cumulative.narrow(2, kChunk - 1, 1);

    const at::Tensor writer = k * (last - cumulative).exp();
    const at::Tensor initial = in.initial_state_BHkv.defined() ? in.initial_state_BHkv.flatten(0, 1) : at::Tensor();
    const at::Tensor states =
        affineScan(at::diag_embed(last.exp().squeeze(2)), at::matmul(transposed(writer), v), initial);
    const std::int64_t chunks = states.size(0) - 1;
    if (final_state) final_state->copy_(states[chunks].unflatten(0, {batch, heads}));

    const at::Tensor from_state = at::matmul(q * cumulative.exp(), states.narrow(0, 0, chunks));
    const at::Tensor from_chunk = at::matmul(decayedScores(q, k, cumulative), v);
    return fromChunks((from_state + from_chunk) * in.scale, batch, tokens);
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    return gradientsThroughGraph(in, 1, forward, do_BTHv);
}

at::Tensor decode(const RecurrenceInputs& in, at::Tensor& state) {
    state.mul_(transposed(tokenRow(in.controls[0])).exp());
    state.add_(at::matmul(transposed(tokenRow(in.k_BTHk)), tokenRow(in.v_BTHv)));
    return at::matmul(tokenRow(in.q_BTHk), state).mul_(in.scale).transpose(1, 2);
}

}  // namespace
}  // namespace gla_chunked

RecurrenceKernels glaChunkedKernels() { return {gla_chunked::forward, gla_chunked::backward, gla_chunked::decode}; }

}  // namespace fm
