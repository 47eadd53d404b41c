// The index of the chunks of a growing dataset in an HDF5 file: an extensible array of addresses.
#pragma once

#include <cstdint>

#include "core/store/structure_bytes.h"

namespace fm::h5 {

// Failure when the index is not as our writer makes them, or a chunk of `chunk_bytes` bytes is not in the file.
void checkChunkIndex(FileBytes& file, std::uint64_t address, std::uint64_t chunk_bytes);

// Chunks that such an index can hold.
inline constexpr std::uint64_t most_chunks = std::uint64_t{1} << 31;

}  // namespace fm::h5
