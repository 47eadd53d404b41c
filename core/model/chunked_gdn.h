// Gated DeltaNet in chunks of 64 through ATen: float64 reference on the CPU and the form that runs on a GPU.
// Equations: reference/kernels.md 1.4. Differentiable by autograd. CPU fp32 has kernels of its own (gdn_op.h).
#pragma once

#include "core/model/gdn_op.h"

namespace fm::chunked {

// All inputs in one floating dtype (fp32 or float64) on one device; lengths are already applied. Returns o_BTHv;
// `final_state_BHkv` (may be null) receives the state after the last token.
at::Tensor gdn(const GdnInputs& inputs, at::Tensor* final_state_BHkv);

}  // namespace fm::chunked
