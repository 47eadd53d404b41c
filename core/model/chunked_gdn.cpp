#include "core/model/chunked_gdn.h"

#include <ATen/ATen.h>

#include "core/model/chunked_common.h"

namespace fm::chunked {

namespace {

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

}  // namespace

at::Tensor gdn(const GdnInputs& in, at::Tensor* final_state) {
    const std::int64_t batch = in.q_BTHk.size(0), tokens = in.q_BTHk.size(1), heads = in.q_BTHk.size(2);
    const std::int64_t dk = in.q_BTHk.size(3), dv = in.v_BTHv.size(3);
    const at::Tensor q = toChunks(in.q_BTHk), k = toChunks(in.k_BTHk), v = toChunks(in.v_BTHv);
    const at::Tensor beta = toChunkScalars(in.beta_BTH);
    const at::Tensor cumulative = toChunkScalars(in.g_BTH).cumsum(-1);
    const at::Tensor decay = decayMatrix(cumulative);
    const Local local = prepareLocal(k, v, beta, cumulative, decay);

    const at::Tensor initial =
        in.initial_state_BHkv.defined() ? in.initial_state_BHkv.reshape({batch * heads, dk, dv}) : at::Tensor();
    const at::Tensor states = scanStates(local, initial);
    const std::int64_t chunks = states.size(0) - 1;
    if (final_state) *final_state = states[chunks].reshape({batch, heads, dk, dv});

    const at::Tensor entering = states.narrow(0, 0, chunks);
    const at::Tensor new_value = local.new_value_NPCv - at::matmul(local.state_reader_NPCk, entering);
    const at::Tensor scores = at::matmul(q, transposed(k)) * decay;
    const at::Tensor from_state = at::matmul(q, entering) * cumulative.exp().unsqueeze(-1);
    return fromChunks((from_state + at::matmul(scores, new_value)) * in.scale, batch, tokens);
}

}  // namespace fm::chunked
