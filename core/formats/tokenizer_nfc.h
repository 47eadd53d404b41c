// Unicode normalisation form C, for tokenizers that ask for it (Qwen).
#pragma once

#include <string>
#include <string_view>

namespace fm {

// `text` is valid UTF-8 (asserted). Any thread. Equal to HF tokenizers but for strings in which a combining mark newer
// than Unicode 10 stands out of order beside another mark: HF's older tables leave those two as they are.
std::string toNfc(std::string_view text);

}  // namespace fm
