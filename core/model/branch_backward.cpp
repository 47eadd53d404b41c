#include "core/model/branch_backward.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/ops/precision.h"
#include "core/ops/product.h"
#include "core/ops/stacked_rows.h"

namespace fm {

namespace {

// Gradients of the projections, flat [B,T,O] in compute precision.
struct ProjectionGradients {
    at::Tensor dq_BTO, dk_BTO, dv_BTO, dz_BTO;
    OwnTensors own;
};

// y = r x with r = (sum x^2 + eps)^-1/2:  dx = r (dy - y <y, dy>)
at::Tensor l2NormBackward(const at::Tensor& dy, const at::Tensor& x) {
    const at::Tensor r = (x.square().sum(-1, /*keepdim=*/true) + kL2NormEps).rsqrt();
    const at::Tensor y = x * r;
    return (dy - y * (y * dy).sum(-1, /*keepdim=*/true)).mul_(r);
}

// From the gradient of a head tensor as the recurrence reads it to that of its projection.
at::Tensor headBackward(const at::Tensor& d_BTHd, const at::Tensor& projected_BTO, const BranchSpec& spec,
                        std::int64_t head_dim, bool l2_normalised) {
    const at::Tensor raw =
        toComputePrecision(projected_BTO).unflatten(-1, {projected_BTO.size(-1) / head_dim, head_dim});
    at::Tensor d = sumRepeated(d_BTHd, raw.size(2));
    if (l2_normalised) d = l2NormBackward(d, usesSilu(spec) ? at::silu(raw) : raw);
    if (usesSilu(spec)) d = at::silu_backward(d, raw);
    return d.flatten(-2);
}

struct GateGradients {
    at::Tensor do_BTHd, dz_BTO;
};

// Backward of gateBranch(): per-head RMSNorm and output gate.
GateGradients gateBackward(const at::Tensor& dgated_BTO, const SavedLinearMixer& saved, const BranchWeights& weights,
                           const BranchSpec& spec) {
    const at::Tensor& o = saved.o_BTHd;
    const at::Tensor z = toComputePrecision(saved.projected.z_BTO);
    const at::Tensor weight_d = weights.out_norm_d.to(o.scalar_type());
    const at::Tensor rstd = (o.square().mean(-1, /*keepdim=*/true) + spec.norm_eps).rsqrt();
    const at::Tensor n = o * rstd;
    const at::Tensor d_gate = dgated_BTO * (n * weight_d).flatten(-2);
    GateGradients grads;
    at::Tensor gate;
    if (spec.form == BranchForm::Exportable) {
        gate = at::silu(z);
        grads.dz_BTO = at::silu_backward(d_gate, z);
    } else {
        const at::Tensor sigmoid = at::sigmoid(z);
        gate = 2 * sigmoid;
        grads.dz_BTO = at::sigmoid_backward(d_gate, sigmoid).mul_(2);
    }
    const at::Tensor dn = (dgated_BTO * gate).view(o.sizes()) * weight_d;
    grads.do_BTHd = (dn - n * (dn * n).mean(-1, /*keepdim=*/true)).mul_(rstd);
    return grads;
}

void projectionBackward(const at::Tensor& do_BTHd, const SavedLinearMixer& saved, const BranchWeights& weights,
                        const BranchSpec& spec, const ModelConfig& config, ProjectionGradients& grads) {
    const BranchProjections& p = saved.projected;
    const BranchHeads heads = branchHeads(p, weights, spec, config);
    const RecurrenceGradients d =
        spec.kind->recurrence().backward(recurrenceInputs(heads, config), saved.checkpoints, do_BTHd);
    const bool unit = spec.kind->unit_keys;
    grads.dq_BTO = headBackward(d.dq_BTHk, p.q_BTO, spec, config.head_dim, unit);
    grads.dk_BTO = headBackward(d.dk_BTHk, p.k_BTO, spec, config.head_dim, unit);
    grads.dv_BTO = headBackward(d.dv_BTHv, p.v_BTO, spec, config.head_dim, false);
    grads.own = spec.kind->controls_backward(d.dcontrols, heads.controls, p.own, weights, config);
}

// sum over projections of d W. One product where the weights lie one after the other; otherwise the partial products
// are added in compute precision.
at::Tensor inputGradient(const ProjectionGradients& grads, const BranchWeights& weights, const Mixer& kind) {
    const at::ScalarType dtype = weights.q_OD.scalar_type();
    std::vector<at::Tensor> parts = {grads.dq_BTO, grads.dk_BTO, grads.dv_BTO, grads.dz_BTO};
    parts.insert(parts.end(), grads.own.begin(), grads.own.end());
    const std::vector<at::Tensor> matrices = projectionMatrices(weights, kind);
    if (const at::Tensor stacked = stackedRows(matrices); stacked.defined())
        return toComputePrecision(product(at::cat(parts, -1).to(dtype), stacked.t()));
    at::Tensor sum;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const at::Tensor part = toComputePrecision(product(parts[i].to(dtype), matrices[i].t()));
        sum = sum.defined() ? sum.add_(part) : part;
    }
    return sum;
}

}  // namespace

at::Tensor linearMixerForwardSaved(const at::Tensor& normed, const BranchWeights& weights, const BranchSpec& spec,
                                   const ModelConfig& config, SavedLinearMixer& saved) {
    const at::NoGradGuard no_grad;
    saved.projected = projectBranch(normed, weights, *spec.kind);
    const BranchHeads heads = branchHeads(saved.projected, weights, spec, config);
    saved.o_BTHd = spec.kind->recurrence().forwardSaved(recurrenceInputs(heads, config), saved.checkpoints);
    const at::Tensor gated = gateBranch(saved.o_BTHd, saved.projected.z_BTO, weights, spec);
    return product(gated.to(weights.o_DO.scalar_type()), weights.o_DO);
}

at::Tensor linearMixerBackward(const at::Tensor& dy, const BranchWeights& weights, const BranchSpec& spec,
                               const ModelConfig& config, const SavedLinearMixer& saved) {
    const at::NoGradGuard no_grad;
    const at::Tensor dgated = toComputePrecision(product(dy.to(weights.o_DO.scalar_type()), weights.o_DO.t()));
    const GateGradients gate = gateBackward(dgated, saved, weights, spec);
    ProjectionGradients grads;
    grads.dz_BTO = gate.dz_BTO;
    projectionBackward(gate.do_BTHd, saved, weights, spec, config, grads);
    return inputGradient(grads, weights, *spec.kind);
}

}  // namespace fm
