// Letter case of text in any alphabet. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace fm {

// Of UTF-8; every byte that is not part of a valid sequence becomes U+FFFD.
std::u32string codePointsOf(std::string_view text);

// As Python's str.lower(), except that a capital sigma at the end of a word becomes the usual small one.
std::u32string lowerCase(const std::u32string& text);

}  // namespace fm
