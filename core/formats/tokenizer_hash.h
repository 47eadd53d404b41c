// What a tokenizer's results depend on, as one hash: two tokenizers of equal hash encode alike.
#pragma once

#include <string>

#include "core/formats/tokenizer_parts.h"

namespace fm {

std::string hashOf(const TokenizerParts& parts);

}  // namespace fm
