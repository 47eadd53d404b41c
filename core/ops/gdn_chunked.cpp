#include <ATen/ATen.h>

#include "core/ops/chunked_common.h"
#include "core/ops/gdn.h"

namespace fm {

namespace gdn_chunked {
namespace {

using namespace chunked;

// Everything inside the chunks that does not need the entering state (WY form with the gate-free inverse T0).
struct Local {
    at::Tensor new_value_NPCv;     // U: the u_t as if the entering state were 0
    at::Tensor state_reader_NPCk;  // W: V' = U - W S
    at::Tensor writer_NPCk;        // K~: what a token still contributes at the chunk's end
    at::Tensor chunk_decay_NP11;   // e^bC
};

Local prepareLocal(const at::Tensor& k, const at::Tensor& v, const at::Tensor& beta, const at::Tensor& cumulative,
                   const at::Tensor& decay_NPCC) {
    const at::Tensor inverse = unitLowerInverse(beta.unsqueeze(-1) * at::matmul(k, transposed(k)));
    const at::Tensor solve = decay_NPCC * inverse * beta.unsqueeze(-2);
    const at::Tensor last = cumulative.narrow(-1, cumulative.size(-1) - 1, 1);
    Local local;
    local.new_value_NPCv = at::matmul(solve, v);
    local.state_reader_NPCk = at::matmul(solve, k * cumulative.exp().unsqueeze(-1));
    local.writer_NPCk = k * (last - cumulative).exp().unsqueeze(-1);
    local.chunk_decay_NP11 = last.exp().unsqueeze(-1);
    return local;
}

at::Tensor scanStates(const Local& local, const at::Tensor& initial_Pkv) {
    const at::Tensor writer_t = transposed(local.writer_NPCk);
    const at::Tensor eye = at::eye(local.writer_NPCk.size(-1), local.writer_NPCk.options());
    const at::Tensor transition = local.chunk_decay_NP11 * eye - at::matmul(writer_t, local.state_reader_NPCk);
    return affineScan(transition, at::matmul(writer_t, local.new_value_NPCv), initial_Pkv);
}

// Tokens that do not count neither write (k = 0, beta = 0) nor decay (g = 0) the state.
RecurrenceInputs withLengthsApplied(const RecurrenceInputs& in) {
    if (!in.lengths_B.defined()) return in;
    RecurrenceInputs out = in;
    const at::Tensor valid = validTokens(in.lengths_B, in.q_BTHk.size(1), in.q_BTHk.device());  // [B,T,1]
    for (at::Tensor& control : out.controls) control = at::where(valid, control, 0);
    for (at::Tensor* t : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv}) *t = at::where(valid.unsqueeze(-1), *t, 0);
    return out;
}

at::Tensor forward(const RecurrenceInputs& inputs, at::Tensor*, at::Tensor* final_state) {
    const RecurrenceInputs in = withLengthsApplied(inputs);
    const std::int64_t batch = in.q_BTHk.size(0), tokens = in.q_BTHk.size(1), heads = in.q_BTHk.size(2);
    const std::int64_t dk = in.q_BTHk.size(3), dv = in.v_BTHv.size(3);
    const at::Tensor q = toChunks(in.q_BTHk), k = toChunks(in.k_BTHk), v = toChunks(in.v_BTHv);
    const at::Tensor beta = toChunkScalars(in.controls[1]);
    const at::Tensor cumulative = toChunkScalars(in.controls[0]).cumsum(-1);
    const at::Tensor decay = decayMatrix(cumulative);
    const Local local = prepareLocal(k, v, beta, cumulative, decay);

    const at::Tensor initial =
        in.initial_state_BHkv.defined() ? in.initial_state_BHkv.reshape({batch * heads, dk, dv}) : at::Tensor();
    const at::Tensor states = scanStates(local, initial);
    const std::int64_t chunks = states.size(0) - 1;
    if (final_state) final_state->copy_(states[chunks].view({batch, heads, dk, dv}));

    const at::Tensor entering = states.narrow(0, 0, chunks);
    const at::Tensor new_value = local.new_value_NPCv - at::matmul(local.state_reader_NPCk, entering);
    const at::Tensor scores = at::matmul(q, transposed(k)) * decay;
    const at::Tensor from_state = at::matmul(q, entering) * cumulative.exp().unsqueeze(-1);
    return fromChunks((from_state + at::matmul(scores, new_value)) * in.scale, batch, tokens);
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    return gradientsThroughGraph(in, in.controls.size(), forward, do_BTHv);
}

at::Tensor decode(const RecurrenceInputs& in, at::Tensor& state) {
    const auto scalar = [](const at::Tensor& x_B1H) { return x_B1H.squeeze(1).unsqueeze(-1).unsqueeze(-1); };
    const at::Tensor q = tokenRow(in.q_BTHk), k = tokenRow(in.k_BTHk), v = tokenRow(in.v_BTHv);
    state.mul_(scalar(in.controls[0]).exp());
    const at::Tensor update = scalar(in.controls[1]) * (v - at::matmul(k, state));
    state.add_(at::matmul(transposed(k), update));
    return at::matmul(q, state).mul_(in.scale).transpose(1, 2);
}

}  // namespace
}  // namespace gdn_chunked

RecurrenceKernels gdnChunkedKernels() { return {gdn_chunked::forward, gdn_chunked::backward, gdn_chunked::decode}; }

}  // namespace fm
