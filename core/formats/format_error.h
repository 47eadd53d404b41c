// How readers of this folder say that a file is damaged: "<path>: <offset or key>: <what is wrong>".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fm {

[[noreturn]] void failFormat(const std::string& path, const std::string& where, const std::string& what);

std::string atByte(std::uint64_t offset);  // "byte 24"

// A name out of a hostile file, fit for a sentence: quoted, at most 80 bytes, control and non-ASCII bytes as \xNN.
std::string quoted(std::string_view text);
// Exact matches, because std::quoted would otherwise be found through the argument and fit better.
inline std::string quoted(const std::string& text) { return quoted(std::string_view(text)); }
inline std::string quoted(const char* text) { return quoted(std::string_view(text)); }

}  // namespace fm
