// GPT-2's spelling of bytes: every byte has one printable character, so that vocabularies are plain text.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fm {

// Bytes of a vocabulary entry spelled in the 256 characters; nullopt when it holds any other character (such entries
// are written out as they stand and are never met while encoding).
std::optional<std::string> bytesOfSpelling(std::string_view spelling);

// The other way: " a" -> "Ġa".
std::string spellingOfBytes(std::string_view bytes);

}  // namespace fm
