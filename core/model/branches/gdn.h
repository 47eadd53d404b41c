// Gated DeltaNet as a branch: decay and write strength are projections of the layer input.
//   g = -exp(A_log) softplus(a + dt_bias) ;  beta = sigmoid(b)      (reference/export.md 1)
#pragma once

#include "core/model/branches/mixer.h"

namespace fm {

const Mixer& gdnMixer();

struct GdnTensors {
    at::Tensor a_HD, b_HD;          // inputs of decay and write strength
    at::Tensor A_log_H, dt_bias_H;  // fp32
};
GdnTensors gdnTensors(const BranchWeights& weights);

}  // namespace fm
