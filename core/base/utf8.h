// Text that came out of a model or a file may be no valid UTF-8; what is stored, sent and shown must be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fm {

// Every byte that is not part of a valid sequence becomes '?': the length stays, so a text that fitted still fits.
void replaceInvalidUtf8(std::string& text);

// Whether JSON and file names can hold the text as it is: valid UTF-8, and no zero byte.
bool isPlainText(std::string_view text);

// The longest prefix of at most `bytes` bytes that cuts no valid sequence in two; its length.
std::size_t utf8PrefixLength(std::string_view text, std::size_t bytes);

}  // namespace fm
