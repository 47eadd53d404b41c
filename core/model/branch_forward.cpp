#include "core/model/branch_forward.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/base/assert.h"
#include "core/model/blocks.h"
#include "core/model/branch_tensors.h"
#include "core/ops/precision.h"
#include "core/ops/product.h"
#include "core/ops/stacked_rows.h"

namespace fm {

namespace {

at::Tensor l2Normalised(const at::Tensor& x_BTHd) {
    return x_BTHd * (x_BTHd.square().sum(-1, /*keepdim=*/true) + kL2NormEps).rsqrt();
}

double attentionScale(const ModelConfig& config) { return 1.0 / std::sqrt(static_cast<double>(config.head_dim)); }

}  // namespace

at::Tensor repeatHeads(const at::Tensor& x_BTKd, std::int64_t heads) {
    const std::int64_t group = heads / x_BTKd.size(-2);
    FM_ASSERT(group * x_BTKd.size(-2) == heads, "query heads are a multiple of key/value heads");
    return group == 1 ? x_BTKd : x_BTKd.repeat_interleave(group, -2);
}

at::Tensor sumRepeated(const at::Tensor& d_BTHd, std::int64_t kv_heads) {
    if (d_BTHd.size(2) == kv_heads) return d_BTHd;
    return d_BTHd.unflatten(2, {kv_heads, d_BTHd.size(2) / kv_heads}).sum(3);
}

std::vector<at::Tensor> projectionMatrices(const BranchWeights& weights, const Mixer& kind) {
    std::vector<at::Tensor> matrices;
    for (const BranchTensor& tensor : projectionsOf(kind)) matrices.push_back(tensor.in(weights));
    return matrices;
}

BranchWeights stackProjections(const BranchWeights& weights, const Mixer& kind) {
    BranchWeights out = weights;
    std::vector<std::int64_t> rows;
    for (const at::Tensor& matrix : projectionMatrices(weights, kind)) rows.push_back(matrix.size(0));
    const std::vector<at::Tensor> stacked = allocateStacked(rows, out.q_OD.size(1), out.q_OD.options());
    for (std::size_t i = 0; i < stacked.size(); ++i) {
        at::Tensor& matrix = projectionsOf(kind)[i].in(out);
        stacked[i].copy_(matrix.detach());
        matrix = stacked[i];
    }
    return out;
}

at::Tensor branchProduct(const at::Tensor& x, const at::Tensor& weight) {
    if (weight.dim() == 2) return product(x, weight);
    return at::bmm(x.flatten(1, -2), weight.transpose(1, 2)).unflatten(1, x.sizes().slice(1, x.dim() - 2));
}

BranchProjections projectionsFrom(std::vector<at::Tensor> outputs) {
    return {outputs[0], outputs[1], outputs[2], outputs[3], {outputs.begin() + 4, outputs.end()}};
}

BranchProjections projectBranch(const at::Tensor& normed, const BranchWeights& weights, const Mixer& kind) {
    const at::Tensor x = normed.to(weights.q_OD.scalar_type());
    const std::vector<at::Tensor> matrices = projectionMatrices(weights, kind);
    std::vector<at::Tensor> outputs;
    if (const at::Tensor stacked = stackedRows(matrices); stacked.defined()) {
        std::vector<std::int64_t> rows;
        for (const at::Tensor& matrix : matrices) rows.push_back(matrix.size(0));
        outputs = at::split_with_sizes(product(x, stacked), rows, -1);
    } else {
        for (const at::Tensor& matrix : matrices) outputs.push_back(product(x, matrix));
    }
    return projectionsFrom(std::move(outputs));
}

BranchHeads branchHeads(const BranchProjections& projected, const BranchWeights& weights, const BranchSpec& spec,
                        const ModelConfig& config) {
    const auto heads = [&](const at::Tensor& x_BTO, bool unit) {
        const at::Tensor x = splitHeads(toComputePrecision(x_BTO), config.head_dim);
        const at::Tensor active = usesSilu(spec) ? at::silu(x) : x;
        return unit ? l2Normalised(active) : active;
    };
    const bool unit = spec.kind->unit_keys;
    BranchHeads out{heads(projected.q_BTO, unit), heads(projected.k_BTO, unit), heads(projected.v_BTO, false), {}};
    out.controls = spec.kind->controls(projected.own, weights, spec, config);
    out.k_BTHd = repeatHeads(out.k_BTHd, config.num_heads);
    out.v_BTHd = repeatHeads(out.v_BTHd, config.num_heads);
    return out;
}

RecurrenceInputs recurrenceInputs(const BranchHeads& heads, const ModelConfig& config) {
    return {heads.q_BTHd, heads.k_BTHd, heads.v_BTHd, heads.controls, attentionScale(config), {}, {}};
}

at::Tensor recurBranch(const BranchHeads& heads, const BranchSpec& spec, const ModelConfig& config,
                       BranchState* state) {
    const Recurrence& recurrence = spec.kind->recurrence();
    RecurrenceInputs in = recurrenceInputs(heads, config);
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
    const BranchProjections projected = projectBranch(normed, weights, *spec.kind);
    const BranchHeads heads = branchHeads(projected, weights, spec, config);
    return gateBranch(recurBranch(heads, spec, config, state), projected.z_BTO, weights, spec);
}

at::Tensor linearMixer(const at::Tensor& normed, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config, BranchState* state) {
    const at::Tensor gated = linearMixerHeads(normed, weights, spec, config, state);
    return product(gated.to(weights.o_DO.scalar_type()), weights.o_DO);
}

}  // namespace fm
