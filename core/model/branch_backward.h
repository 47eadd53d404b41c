// Hand-written forward/backward pair of linearMixer() for the gate engine: gradient of the input only, no weight
// gradients, no autograd graph (reference/kernels.md 1.5, 1.7, 3.1). Works in float64, fp32 and bf16, on any device.
// Thread: one job's thread.
#pragma once

#include "core/model/branch.h"
#include "core/model/branch_forward.h"

namespace fm {

// Nonlinearities are cheap and are computed again; what is kept is the projections in the weights' dtype, the
// recurrence's output and its kernels' states.
struct SavedLinearMixer {
    BranchProjections projected;
    at::Tensor o_BTHd;
    at::Tensor checkpoints;
};

// The same numbers as linearMixer() without a state.
at::Tensor linearMixerForwardSaved(const at::Tensor& normed_BTD, const BranchWeights& weights, const BranchSpec& spec,
                                   const ModelConfig& config, SavedLinearMixer& saved);

// dL/dnormed for dy = dL/d(mixer output), in compute precision (fp32; float64 in float64).
at::Tensor linearMixerBackward(const at::Tensor& dy_BTD, const BranchWeights& weights, const BranchSpec& spec,
                               const ModelConfig& config, const SavedLinearMixer& saved);

}  // namespace fm
