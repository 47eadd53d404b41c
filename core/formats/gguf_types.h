// Sizes of GGUF's value types.
#pragma once

#include <cstdint>

#include "core/formats/gguf.h"

namespace fm {

// Bytes of one element; for strings the least, which is their length field. Not for arrays.
std::uint64_t ggufTypeBytes(GgufType type);

}  // namespace fm
