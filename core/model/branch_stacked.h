// Several layers' branches computed as one batched problem: on a GPU thirty small layers cost as many launches as one.
#pragma once

#include "core/model/branch.h"

namespace fm {

// One layer's weights in the dtype that the products run in; differentiable.
BranchWeights workingCopy(const BranchWeights& masters, const Mixer& kind, at::ScalarType dtype);

// Matrices [G, O, D], vectors shaped to broadcast over [G, B, T, ...]; differentiable. Constants must be those of
// every layer, as initBranches() makes them.
BranchWeights stackLayers(const std::vector<BranchWeights>& layers, const Mixer& kind, at::ScalarType dtype);

// normed_GBTD: the layers' inputs; result [G, B, T, D]. The same numbers as linearMixer() layer by layer.
at::Tensor linearMixerStacked(const at::Tensor& normed_GBTD, const BranchWeights& stacked, const BranchSpec& spec,
                              const ModelConfig& config);

}  // namespace fm
