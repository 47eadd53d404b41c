// Fixed-decay linear attention in chunks of 64 through ATen (kernels.md 1.2). Differentiable by autograd.
#pragma once

#include "core/model/lightning_op.h"

namespace fm::chunked {

// All inputs in one floating dtype (fp32 or float64) on one device; lengths are not looked at (no output depends on
// what stands behind it).
at::Tensor lightning(const LightningInputs& inputs);

// State after the last token that counts.
at::Tensor lightningFinalState(const LightningInputs& inputs);

}  // namespace fm::chunked
