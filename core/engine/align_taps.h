// One pass of the teacher that shows, layer by layer, what a branch is trained on.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"

namespace fm {

// The layer's normalised input and its mixer output F (after o_proj, before the residual).
struct LayerTap {
    at::Tensor normed_BTD, mixer_BTD;
};
using TapVisitor = std::function<void(std::int64_t layer, const LayerTap& tap)>;

// Calls `visit` for every layer in order, on the caller's thread. The teacher builds no graph; `visit` may build one.
void tapTeacher(const DecoderWeights& teacher, const at::Tensor& ids_BT, const Rope& rope, const TapVisitor& visit);

// All layers' taps at once, for initBranches(). fp32.
BranchInit calibrationTaps(const DecoderWeights& teacher, const at::Tensor& ids_BT, const Rope& rope);

}  // namespace fm
