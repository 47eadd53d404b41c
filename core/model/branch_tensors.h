// The tensors of a branch as a list: what all kinds have, and the kind's own. Every loop over them runs over this list.
#pragma once

#include "core/model/branch.h"

namespace fm {

struct BranchTensor {
    MixerTensor about;
    at::Tensor BranchWeights::*shared;  // null: own[index]
    std::size_t index = 0;

    at::Tensor& in(BranchWeights& weights) const { return shared ? weights.*shared : weights.own[index]; }
    const at::Tensor& in(const BranchWeights& weights) const { return shared ? weights.*shared : weights.own[index]; }
};

// In the order of files.
const std::vector<BranchTensor>& tensorsOf(const Mixer& mixer);

// Those that read the layer input, in the order q, k, v, gate, own: the order of joint products.
const std::vector<BranchTensor>& projectionsOf(const Mixer& mixer);

}  // namespace fm
