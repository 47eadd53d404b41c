// The links of a large group in an HDF5 file: a fractal heap with the links, a B-tree with their names.
#pragma once

#include <cstdint>
#include <vector>

#include "core/store/structure_bytes.h"

namespace fm::h5 {

// The objects that the links lead to. Failure when heap, tree or a link is not as our writer makes them.
std::vector<std::uint64_t> readStoredLinks(FileBytes& file, std::uint64_t heap_address, std::uint64_t tree_address);

}  // namespace fm::h5
