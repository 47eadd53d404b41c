// Little-endian loads from bytes of any alignment.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

namespace fm {

static_assert(std::endian::native == std::endian::little, "file formats are little-endian and read in place");

template <class T>
T loadAs(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

}  // namespace fm
