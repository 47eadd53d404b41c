// Small files read whole, and never anything that only looks like a file.
#pragma once

#include <cstdint>
#include <string>

namespace fm {

// All bytes of a regular file of at most `max_bytes`. A folder, a named pipe, a device or a larger file is refused
// without waiting and without filling the memory; a reading error never gives a shorter text. Throws WorldError, one
// sentence with path and remedy.
std::string readRegularFile(const std::string& path, std::uint64_t max_bytes);

}  // namespace fm
