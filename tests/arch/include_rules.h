// Who may include whom: the floors of CONTRIBUTING.md as data.
#pragma once

#include <string>
#include <vector>

namespace fm::arch {

// The names in #include lines, in order, without brackets and quotes.
std::vector<std::string> includesOf(const std::string& text);

// "std", "LibTorch", "Qt", "QCustomPlot", "HDF5", "CUDA", "JSON", "CLI11", "text" (PCRE2, utf8proc), "hash" (xxHash),
// or for our own headers their folder: "core/run", "kernels", "app/cli", ...
std::string libraryOf(const std::string& include);

// One sentence per include of `path` that the table forbids.
std::vector<std::string> forbiddenIncludes(const std::string& path, const std::string& text);

}  // namespace fm::arch
