// The messages of an HDF5 object header, checked field by field: only kinds and values that our writer makes pass.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/store/structure_bytes.h"

namespace fm::h5 {

struct StoredExtent {
    int rank = 0;
    std::uint64_t size[2] = {1, 1};
    std::uint64_t limit[2] = {1, 1};
};

// Contiguous: `bytes` at `address`. In chunks: `address` is that of the index of chunks, `chunk` their extent.
struct StoredData {
    bool chunked = false;
    std::uint64_t address = no_address;
    std::uint64_t bytes = 0;
    int chunk_dimensions = 0;  // that of the element's bytes included
    std::uint64_t chunk[3] = {1, 1, 1};
};

// What the messages of one object say.
struct ObjectMessages {
    struct Block {
        std::uint64_t address = no_address;
        std::uint64_t bytes = 0;
    };
    std::vector<Block> continuations;
    std::vector<std::uint64_t> children;  // objects that its links lead to
    struct LinkStorage {
        std::uint64_t heap = no_address;
        std::uint64_t names = no_address;
    };
    std::optional<LinkStorage> links;  // of a group
    std::optional<std::uint64_t> element_bytes;
    std::optional<StoredExtent> extent;
    std::optional<std::uint64_t> fill_bytes;
    std::optional<StoredData> data;
};

// Failure when the message is not one of ours, or a second one of its kind.
void readMessage(std::uint64_t type, Fields fields, ObjectMessages& object);

// The object a link message leads to. Only hard links pass.
std::uint64_t readLink(Fields& fields);

}  // namespace fm::h5
