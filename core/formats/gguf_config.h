// ModelConfig from GGUF metadata.
#pragma once

#include "core/formats/gguf.h"
#include "core/formats/model_config.h"

namespace fm {

// FormatError naming the key for any architecture but llama, qwen2 and qwen3, a missing size, rope scaling other than
// llama3's, rotary embedding of a part of the head, unequal key and value lengths, per-layer head counts that differ.
ModelConfig configFromGguf(const GgufFile& file);

}  // namespace fm
