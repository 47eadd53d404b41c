// The parts of a branch's forward that training, hand-written backward and initialisation share. Shapes as in
// branch.h; N = B*T where rows are flattened. Everything is differentiable by autograd.
#pragma once

#include "core/model/branch.h"
#include "core/ops/recurrence.h"

namespace fm {

// The matrices that read the layer input, in the order q, k, v, z and for GDN a, b. Allocated one after the other
// (stacked_rows.h) they are multiplied as one.
std::vector<at::Tensor> projectionMatrices(const BranchWeights& weights);

// The same values with those matrices allocated so.
BranchWeights stackProjections(const BranchWeights& weights);

// Projections of the layer input, in the weights' dtype, before any nonlinearity.
struct BranchProjections {
    at::Tensor q_BTO, k_BTO, v_BTO;  // k, v have KV heads
    at::Tensor z_BTO;
    at::Tensor a_BTH, b_BTH;  // GDN only
};
BranchProjections projectBranch(const at::Tensor& normed_BTD, const BranchWeights& weights);

// Heads as the recurrence takes them, in compute precision, k and v repeated to the query heads (whole heads).
struct BranchHeads {
    at::Tensor q_BTHd, k_BTHd, v_BTHd;
    at::Tensor g_BTH, beta_BTH;  // GDN only
};
BranchHeads branchHeads(const BranchProjections& projected, const BranchWeights& weights, const BranchSpec& spec,
                        const ModelConfig& config);

// The operator of a kind, and its arguments from the start of a sequence.
const Recurrence& recurrenceOf(BranchKind kind);
RecurrenceInputs recurrenceInputs(const BranchHeads& heads, const BranchWeights& weights, const BranchSpec& spec,
                                  const ModelConfig& config);

// o of the recurrence; `state` as in linearMixer.
at::Tensor recurBranch(const BranchHeads& heads, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config, BranchState* state);

// RMSNorm per head, then the output gate: what o_DO multiplies, [B,T,H*d] in compute precision.
at::Tensor gateBranch(const at::Tensor& o_BTHd, const at::Tensor& z_BTO, const BranchWeights& weights,
                      const BranchSpec& spec);

// linearMixer up to and without the output projection.
at::Tensor linearMixerHeads(const at::Tensor& normed_BTD, const BranchWeights& weights, const BranchSpec& spec,
                            const ModelConfig& config, BranchState* state = nullptr);

inline constexpr double kL2NormEps = 1e-6;  // of q and k, inside the root, as in every loader (export.md 1)

}  // namespace fm
