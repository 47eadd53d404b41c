// Limits that every decoder config must keep, whatever file it was read from.
#pragma once

#include <string>

#include "core/formats/model_config.h"

namespace fm {

// FormatError naming `path` and the HF key for a size out of range, heads that do not divide, an odd head_dim, an
// epsilon, theta or scaling that is no positive finite number, a token id outside the vocabulary. The limits also keep
// every product of sizes within 63 bits.
void checkModelConfig(const ModelConfig& config, const std::string& path);

}  // namespace fm
