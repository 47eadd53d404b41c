// Where a tokenizer is found: a model folder, a tokenizer.json, or a GGUF file.
#pragma once

#include <string>

#include "core/formats/tokenizer_parts.h"

namespace fm {

// With the chat template: for tokenizer.json from chat_template.jinja or tokenizer_config.json beside it. Throws
// InputError when there is no tokenizer at `path`, FormatError when it is damaged or not supported.
TokenizerParts readTokenizer(const std::string& path);

}  // namespace fm
