// rope_freqs.weight: how a llama GGUF carries llama3 frequency scaling.
#pragma once

#include <optional>

#include "core/formats/gguf.h"
#include "core/formats/model_config.h"

namespace fm {

// The tensor holds, for each rotary pair, the number its frequency is divided by; HF configs hold the four parameters
// that these come from. Returns the parameters that give exactly these factors (to float rounding), nullopt when there
// is no tensor or all factors are 1; FormatError when no released model's parameters give them.
std::optional<Llama3RopeScaling> ropeScalingFromFactors(const GgufFile& file, const ModelConfig& config);

// What llama3 scaling divides the frequency of pair `pair` by (HF's `_compute_llama3_parameters`).
double llama3RopeFactor(const Llama3RopeScaling& scaling, double rope_theta, std::int64_t head_dim, std::int64_t pair);

}  // namespace fm
