#include "core/model/branch_forward.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/base/assert.h"
#include "core/model/blocks.h"
#include "core/ops/gdn.h"
#include "core/ops/lightning.h"
#include "core/ops/precision.h"
#include "core/ops/product.h"
#include "core/ops/stacked_rows.h"

namespace fm {

namespace {

at::Tensor l2Normalised(const at::Tensor& x_BTHd) {
    return x_BTHd * (x_BTHd.square().sum(-1, /*keepdim=*/true) + kL2NormEps).rsqrt();
}

// Query head h reads K/V head floor(h / group): whole heads are repeated, never single rows (method.md 13).
at::Tensor repeatHeads(const at::Tensor& x_BTKd, std::int64_t heads) {
    const std::int64_t group = heads / x_BTKd.size(-2);
    FM_ASSERT(group * x_BTKd.size(-2) == heads, "query heads are a multiple of key/value heads");
    return group == 1 ? x_BTKd : x_BTKd.repeat_interleave(group, -2);
}

double attentionScale(const ModelConfig& config) { return 1.0 / std::sqrt(static_cast<double>(config.head_dim)); }

}  // namespace

std::vector<at::Tensor> projectionMatrices(const BranchWeights& weights) {
    std::vector<at::Tensor> matrices = {weights.q_OD, weights.k_OD, weights.v_OD, weights.z_OD};
    if (weights.a_HD.defined()) matrices.insert(matrices.end(), {weights.a_HD, weights.b_HD});
    return matrices;
}

BranchWeights stackProjections(const BranchWeights& weights) {
    BranchWeights out = weights;
    std::vector<at::Tensor*> slots = {&out.q_OD, &out.k_OD, &out.v_OD, &out.z_OD};
    if (out.a_HD.defined()) slots.insert(slots.end(), {&out.a_HD, &out.b_HD});
    std::vector<std::int64_t> rows;
    for (const at::Tensor* slot : slots) rows.push_back(slot->size(0));
    const std::vector<at::Tensor> stacked = allocateStacked(rows, out.q_OD.size(1), out.q_OD.options());
    for (std::size_t i = 0; i < slots.size(); ++i) {
        stacked[i].copy_(slots[i]->detach());
        *slots[i] = stacked[i];
    }
    return out;
}

BranchProjections projectBranch(const at::Tensor& normed, const BranchWeights& weights) {
    const at::Tensor x = normed.to(weights.q_OD.scalar_type());
    const std::vector<at::Tensor> matrices = projectionMatrices(weights);
    std::vector<at::Tensor> outputs;
    if (const at::Tensor stacked = stackedRows(matrices); stacked.defined()) {
        std::vector<std::int64_t> rows;
        for (const at::Tensor& matrix : matrices) rows.push_back(matrix.size(0));
        outputs = at::split_with_sizes(product(x, stacked), rows, -1);
    } else {
        for (const at::Tensor& matrix : matrices) outputs.push_back(product(x, matrix));
    }
    outputs.resize(6);  // Lightning has neither decay nor write-strength inputs
    return {outputs[0], outputs[1], outputs[2], outputs[3], outputs[4], outputs[5]};
}

BranchHeads branchHeads(const BranchProjections& projected, const BranchWeights& weights, const BranchSpec& spec,
                        const ModelConfig& config) {
    const auto heads = [&](const at::Tensor& x_BTO) {
        const at::Tensor x = splitHeads(toComputePrecision(x_BTO), config.head_dim);
        // GLA, which carries Lightning, has neither SiLU nor l2-norm (export.md 4)
        const bool silu = spec.kind == BranchKind::Gdn && spec.form == BranchForm::Exportable;
        return silu ? at::silu(x) : x;
    };
    BranchHeads out{heads(projected.q_BTO), heads(projected.k_BTO), heads(projected.v_BTO), {}, {}};
    if (spec.kind == BranchKind::Gdn) {
        out.q_BTHd = l2Normalised(out.q_BTHd);
        out.k_BTHd = l2Normalised(out.k_BTHd);
        const at::Tensor a = toComputePrecision(projected.a_BTH);
        out.g_BTH =
            -weights.A_log_H.to(a.scalar_type()).exp() * at::softplus(a + weights.dt_bias_H.to(a.scalar_type()));
        out.beta_BTH = at::sigmoid(toComputePrecision(projected.b_BTH));
    }
    out.k_BTHd = repeatHeads(out.k_BTHd, config.num_heads);
    out.v_BTHd = repeatHeads(out.v_BTHd, config.num_heads);
    return out;
}

const Recurrence& recurrenceOf(BranchKind kind) {
    return kind == BranchKind::Gdn ? gdnRecurrence() : lightningRecurrence();
}

RecurrenceInputs recurrenceInputs(const BranchHeads& heads, const BranchWeights& weights, const BranchSpec& spec,
                                  const ModelConfig& config) {
    RecurrenceInputs in{heads.q_BTHd, heads.k_BTHd, heads.v_BTHd, {}, attentionScale(config), {}, {}};
    if (spec.kind == BranchKind::Gdn)
        in.controls = {heads.g_BTH, heads.beta_BTH};
    else
        in.controls = {weights.log_decay_H};
    return in;
}

at::Tensor recurBranch(const BranchHeads& heads, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config, BranchState* state) {
    const Recurrence& recurrence = recurrenceOf(spec.kind);
    RecurrenceInputs in = recurrenceInputs(heads, weights, spec, config);
    if (!state) return recurrence.forward(in);
    at::Tensor& state_BHkv = state->state_BHkv;
    if (state_BHkv.defined() && heads.q_BTHd.size(1) == 1) return recurrence.decode(in, state_BHkv);
    in.initial_state_BHkv = state_BHkv;
    return recurrence.forward(in, &state_BHkv);
}

at::Tensor gateBranch(const at::Tensor& o_BTHd, const at::Tensor& z_BTO, const BranchWeights& weights,
                      const BranchSpec& spec) {
    const at::Tensor rstd = (o_BTHd.square().mean(-1, /*keepdim=*/true) + spec.norm_eps).rsqrt();
    const at::Tensor normed = (o_BTHd * rstd * weights.out_norm_d.to(o_BTHd.scalar_type())).flatten(-2);
    const at::Tensor z = toComputePrecision(z_BTO);
    return normed * (spec.form == BranchForm::Exportable ? at::silu(z) : 2 * at::sigmoid(z));
}

at::Tensor linearMixerHeads(const at::Tensor& normed, const BranchWeights& weights, const BranchSpec& spec,
                            const ModelConfig& config, BranchState* state) {
    const BranchProjections projected = projectBranch(normed, weights);
    const BranchHeads heads = branchHeads(projected, weights, spec, config);
    return gateBranch(recurBranch(heads, weights, spec, config, state), projected.z_BTO, weights, spec);
}

at::Tensor linearMixer(const at::Tensor& normed, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config, BranchState* state) {
    const at::Tensor gated = linearMixerHeads(normed, weights, spec, config, state);
    return product(gated.to(weights.o_DO.scalar_type()), weights.o_DO);
}

}  // namespace fm
