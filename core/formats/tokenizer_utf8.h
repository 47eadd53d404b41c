// UTF-8 that may be broken or cut, for text that goes into and comes out of a tokenizer. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fm {

// Broken sequences become U+FFFD, one per maximal subpart (Unicode 3.9, table 3-8), as in Python and Rust.
std::string replaceBrokenUtf8(std::string_view bytes);

// Length of the longest prefix that a later byte cannot change: leaves out at most three bytes of a character that has
// begun well and is not complete.
std::size_t settledUtf8Length(std::string_view bytes);

bool isAscii(std::string_view bytes);
bool isUtf8(std::string_view bytes);

}  // namespace fm
