// The JSON header of a safetensors file as plain values, checked against the data section's size.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/tensor_view.h"

namespace fm {

struct SafetensorsHeader {
    struct Entry {
        TensorView view;  // its bytes are set by whoever has the data
        std::uint64_t begin = 0;
        std::uint64_t end = 0;  // relative to the data section
    };
    std::vector<Entry> entries;  // in the order of their bytes
    std::map<std::string, std::string> metadata;
};

// `text` begins at byte `text_offset` of the file. Throws FormatError unless the entries have known types, sizes that
// fit their shapes, distinct names, and cover `data_bytes` without overlap and without holes.
SafetensorsHeader parseSafetensorsHeader(std::string_view text, std::uint64_t text_offset, std::uint64_t data_bytes,
                                         const std::string& path);

}  // namespace fm
