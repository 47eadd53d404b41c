// The parts of a branch's forward that training, hand-written backward and initialisation share. Shapes as in
// branch.h; N = B*T where rows are flattened. Everything is differentiable by autograd.
#pragma once

#include "core/model/branch.h"
#include "core/ops/recurrence.h"

namespace fm {

// The matrices that read the layer input, as projectionsOf() lists them. Allocated one after the other (stacked_rows.h)
// they are multiplied as one.
std::vector<at::Tensor> projectionMatrices(const BranchWeights& weights, const Mixer& kind);

// The same values with those matrices allocated so.
BranchWeights stackProjections(const BranchWeights& weights, const Mixer& kind);

// x W^T for a matrix of one layer [O, I] or of several [G, O, I] with x [.., I] or [G, .., I].
at::Tensor branchProduct(const at::Tensor& x, const at::Tensor& weight);

// Projections of the layer input, in the weights' dtype, before any nonlinearity.
struct BranchProjections {
    at::Tensor q_BTO, k_BTO, v_BTO;  // k, v have KV heads
    at::Tensor z_BTO;
    OwnTensors own;  // of the kind's own projections
};
BranchProjections projectBranch(const at::Tensor& normed_BTD, const BranchWeights& weights, const Mixer& kind);

// Projections from their outputs in the order of projectionsOf().
BranchProjections projectionsFrom(std::vector<at::Tensor> outputs);

// Heads as the recurrence takes them, in compute precision, k and v repeated to the query heads (whole heads), and its
// controls.
struct BranchHeads {
    at::Tensor q_BTHd, k_BTHd, v_BTHd;
    OwnTensors controls;
};
BranchHeads branchHeads(const BranchProjections& projected, const BranchWeights& weights, const BranchSpec& spec,
                        const ModelConfig& config);

// The recurrence's arguments, from the start of a sequence.
RecurrenceInputs recurrenceInputs(const BranchHeads& heads, const ModelConfig& config);

// o of the recurrence; `state` as in linearMixer.
at::Tensor recurBranch(const BranchHeads& heads, const BranchSpec& spec, const ModelConfig& config, BranchState* state);

// Query head h reads K/V head floor(h / group): whole heads are repeated, never single rows (method.md 13).
at::Tensor repeatHeads(const at::Tensor& x_BTKd, std::int64_t heads);
// Heads that were repeated pass their gradients to the one K/V head they came from.
at::Tensor sumRepeated(const at::Tensor& d_BTHd, std::int64_t kv_heads);

inline bool usesSilu(const BranchSpec& spec) { return spec.kind->silu && spec.form == BranchForm::Exportable; }

// RMSNorm per head, then the output gate: what o_DO multiplies, [B,T,H*d] in compute precision.
at::Tensor gateBranch(const at::Tensor& o_BTHd, const at::Tensor& z_BTO, const BranchWeights& weights,
                      const BranchSpec& spec);

// linearMixer up to and without the output projection.
at::Tensor linearMixerHeads(const at::Tensor& normed_BTD, const BranchWeights& weights, const BranchSpec& spec,
                            const ModelConfig& config, BranchState* state = nullptr);

inline constexpr double kL2NormEps = 1e-6;  // of q and k, inside the root, as in every loader (export.md 1)

}  // namespace fm
