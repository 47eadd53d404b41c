#include <ATen/ATen.h>

#include "core/ops/gla.h"

namespace fm {

namespace gla_reference {
namespace {

at::Tensor startState(const RecurrenceInputs& in) {
    if (in.initial_state_BHkv.defined()) return in.initial_state_BHkv;
    return at::zeros({in.k_BTHk.size(0), in.k_BTHk.size(2), in.k_BTHk.size(3), in.v_BTHv.size(3)}, at::kDouble);
}

// [B,1,1] bool: token t of each sequence counts.
at::Tensor counts(const RecurrenceInputs& in, std::int64_t t) {
    const std::int64_t batch = in.q_BTHk.size(0);
    if (!in.lengths_B.defined()) return at::ones({batch, 1, 1}, at::kBool);
    return (in.lengths_B > t).view({batch, 1, 1});
}

// S_0, S_1, ... S_T, each [B,H,k,v].
std::vector<at::Tensor> allStates(const RecurrenceInputs& in) {
    std::vector<at::Tensor> states = {startState(in)};
    for (std::int64_t t = 0; t < in.q_BTHk.size(1); ++t) {
        const at::Tensor written = in.k_BTHk.select(1, t).unsqueeze(-1) * in.v_BTHv.select(1, t).unsqueeze(-2);
        const at::Tensor next = in.controls[0].select(1, t).exp().unsqueeze(-1) * states.back() + written;
        states.push_back(at::where(counts(in, t).unsqueeze(-1), next, states.back()));
    }
    return states;
}

at::Tensor forward(const RecurrenceInputs& in, at::Tensor*, at::Tensor* final_state) {
    const std::vector<at::Tensor> states = allStates(in);
    std::vector<at::Tensor> outputs;
    for (std::int64_t t = 0; t < in.q_BTHk.size(1); ++t) {
        const at::Tensor read = (in.q_BTHk.select(1, t).unsqueeze(-1) * states[t + 1]).sum(-2) * in.scale;
        outputs.push_back(at::where(counts(in, t), read, 0));
    }
    if (final_state) final_state->copy_(states.back());
    return at::stack(outputs, 1);
}

// The adjoint of one token, from the last: dS_t += s q^T do;  dq = s do S_t^T;  dk = v dS_t^T;  dv = k dS_t;
// dg = rowsum(dS_t . e^g S_{t-1});  dS_{t-1} = e^g dS_t.
RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    const std::vector<at::Tensor> states = allStates(in);
    RecurrenceGradients d{at::zeros_like(in.q_BTHk),
                          at::zeros_like(in.k_BTHk),
                          at::zeros_like(in.v_BTHv),
                          {at::zeros_like(in.controls[0])}};
    at::Tensor dstate = at::zeros_like(states[0]);
    for (std::int64_t t = in.q_BTHk.size(1) - 1; t >= 0; --t) {
        const at::Tensor valid = counts(in, t);
        const at::Tensor d_o = at::where(valid, do_BTHv.select(1, t), 0).unsqueeze(-2) * in.scale;
        const at::Tensor k = in.k_BTHk.select(1, t).unsqueeze(-1), v = in.v_BTHv.select(1, t).unsqueeze(-2);
        const at::Tensor decay = in.controls[0].select(1, t).exp().unsqueeze(-1);
        dstate = dstate + in.q_BTHk.select(1, t).unsqueeze(-1) * d_o;
        d.dq_BTHk.select(1, t).copy_((d_o * states[t + 1]).sum(-1));
        d.dk_BTHk.select(1, t).copy_(at::where(valid, (dstate * v).sum(-1), 0));
        d.dv_BTHv.select(1, t).copy_(at::where(valid, (dstate * k).sum(-2), 0));
        const at::Tensor decayed = dstate * decay;
        d.dcontrols[0].select(1, t).copy_(at::where(valid, (decayed * states[t]).sum(-1), 0));
        dstate = at::where(valid.unsqueeze(-1), decayed, dstate);
    }
    return d;
}

}  // namespace
}  // namespace gla_reference

RecurrenceKernels glaReferenceKernels() { return {gla_reference::forward, gla_reference::backward, nullptr}; }

}  // namespace fm
