// Memory of a decoder, tensors not yet filled.
#pragma once

#include "core/model/decoder_weights.h"

namespace fm {

// Every tensor of `config` allocated with undefined contents: matrices and biases in `dtype`, norms in fp32 (float64
// in float64 models). q, k, v and gate, up lie one after the other (stacked_rows.h). A tied head is the embedding.
DecoderWeights allocateWeights(const ModelConfig& config, at::Device device, at::ScalarType dtype);

}  // namespace fm
