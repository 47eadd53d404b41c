#include <ATen/ATen.h>

#include "core/ops/chunked_common.h"
#include "core/ops/lightning.h"

namespace fm {

namespace lightning_chunked {
namespace {

using namespace chunked;

// Decay-weighted sums of what the chunks wrote: state n = decay^n S0 + sum_{j<n} decay^(n-1-j) H_j, as one product
// over the chunk axis, since all chunks of a head share one decay.
at::Tensor enteringStates(const at::Tensor& injection_NPkv, const at::Tensor& log_chunk_decay_P,
                          const at::Tensor& initial_Pkv) {
    const std::int64_t chunks = injection_NPkv.size(0), pairs = injection_NPkv.size(1);
    const at::Tensor row = at::arange(chunks + 1, injection_NPkv.options());
    const at::Tensor column = at::arange(chunks, injection_NPkv.options());
    const at::Tensor age = row.unsqueeze(1) - 1 - column.unsqueeze(0);  // [N+1, N], negative: not yet written
    const at::Tensor weight_PMN =
        at::where(age >= 0, (log_chunk_decay_P.view({pairs, 1, 1}) * age.clamp_min(0)).exp(), 0);
    at::Tensor states = at::matmul(weight_PMN, injection_NPkv.transpose(0, 1).flatten(2))
                            .view({pairs, chunks + 1, injection_NPkv.size(2), injection_NPkv.size(3)});
    if (initial_Pkv.defined()) {
        const at::Tensor kept = (log_chunk_decay_P.unsqueeze(1) * row.unsqueeze(0)).exp();
        states = states + kept.unsqueeze(-1).unsqueeze(-1) * initial_Pkv.unsqueeze(1);
    }
    return states.transpose(0, 1);
}

// A query of 0 gives an output of 0; keys and values behind the last token that counts reach no output.
RecurrenceInputs withPaddingSilenced(const RecurrenceInputs& in) {
    if (!in.lengths_B.defined()) return in;
    RecurrenceInputs out = in;
    const at::Tensor valid = validTokens(in.lengths_B, in.q_BTHk.size(1), in.q_BTHk.device()).unsqueeze(-1);
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv}) *t = at::where(valid, *t, 0);
    return out;
}

// State after the last token that counts.
at::Tensor stateAfter(const RecurrenceInputs& in) {
    const at::Tensor& log_decay_H = in.controls[0];
    const std::int64_t batch = in.k_BTHk.size(0), tokens = in.k_BTHk.size(1);
    const at::Tensor length_B = in.lengths_B.defined()
                                    ? in.lengths_B.to(in.k_BTHk.options())
                                    : at::full({batch}, static_cast<double>(tokens), in.k_BTHk.options());
    const at::Tensor age_BT = length_B.unsqueeze(1) - 1 - at::arange(tokens, in.k_BTHk.options()).unsqueeze(0);
    const at::Tensor decay_BTH = (age_BT.clamp_min(0).unsqueeze(-1) * log_decay_H).exp();
    const at::Tensor weight_BTH = at::where(age_BT.unsqueeze(-1) >= 0, decay_BTH, 0);
    const at::Tensor key_BHkT = (in.k_BTHk * weight_BTH.unsqueeze(-1)).permute({0, 2, 3, 1});
    const at::Tensor written = at::matmul(key_BHkT, in.v_BTHv.transpose(1, 2));
    if (!in.initial_state_BHkv.defined()) return written;
    const at::Tensor kept_BH = (length_B.unsqueeze(1) * log_decay_H).exp();
    return written + kept_BH.unsqueeze(-1).unsqueeze(-1) * in.initial_state_BHkv;
}

at::Tensor forward(const RecurrenceInputs& inputs, at::Tensor*, at::Tensor* final_state) {
    const RecurrenceInputs in = withPaddingSilenced(inputs);
    if (final_state) final_state->copy_(stateAfter(in));
    const std::int64_t batch = in.q_BTHk.size(0), tokens = in.q_BTHk.size(1);
    const at::Tensor q = toChunks(in.q_BTHk), k = toChunks(in.k_BTHk), v = toChunks(in.v_BTHv);
    const at::Tensor log_decay_P = in.controls[0].repeat({batch});
    const at::Tensor position = at::arange(1, kChunk + 1, q.options());
    const at::Tensor cumulative = log_decay_P.unsqueeze(-1) * position;  // [P, C]

    const at::Tensor writer = k * (cumulative.narrow(-1, kChunk - 1, 1) - cumulative).exp().unsqueeze(-1);
    const at::Tensor injection = at::matmul(transposed(writer), v);
    const at::Tensor initial = in.initial_state_BHkv.defined() ? in.initial_state_BHkv.flatten(0, 1) : at::Tensor();
    const at::Tensor states = enteringStates(injection, log_decay_P * static_cast<double>(kChunk), initial);
    const std::int64_t chunks = states.size(0) - 1;
    const at::Tensor scores = at::matmul(q, transposed(k)) * decayMatrix(cumulative);
    const at::Tensor from_state = at::matmul(q, states.narrow(0, 0, chunks)) * cumulative.exp().unsqueeze(-1);
    return fromChunks((from_state + at::matmul(scores, v)) * in.scale, batch, tokens);
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    return gradientsThroughGraph(in, 0, forward, do_BTHv);
}

at::Tensor decode(const RecurrenceInputs& in, at::Tensor& state) {
    state.mul_(in.controls[0].exp().view({1, -1, 1, 1}));
    state.add_(at::matmul(transposed(tokenRow(in.k_BTHk)), tokenRow(in.v_BTHv)));
    return at::matmul(tokenRow(in.q_BTHk), state).mul_(in.scale).transpose(1, 2);
}

}  // namespace
}  // namespace lightning_chunked

RecurrenceKernels lightningChunkedKernels() {
    return {lightning_chunked::forward, lightning_chunked::backward, lightning_chunked::decode};
}

}  // namespace fm
