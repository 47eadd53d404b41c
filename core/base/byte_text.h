// A number of bytes for people, the same in the window and in the terminal.
#pragma once

#include <string>

namespace fm {

// "768 B", "6.1 KiB", "3.2 MiB": powers of 1024, and named so.
std::string byteText(double bytes);

}  // namespace fm
