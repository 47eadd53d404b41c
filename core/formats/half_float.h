// IEEE half precision and bfloat16 to float, exactly, whatever the processor's denormal mode is.
#pragma once

#include <bit>
#include <cstdint>

namespace fm {

inline float halfToFloat(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t magnitude = half & 0x7fffu;
    // Rebias the exponent by 127 - 15; infinities and NaNs keep their mantissa under the full exponent.
    const std::uint32_t shifted = magnitude << 13;
    const std::uint32_t normal = magnitude >= 0x7c00u ? shifted | 0x7f800000u : shifted + (112u << 23);
    // A half subnormal is a multiple of 2^-24, and as a float it is normal.
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);
    return std::bit_cast<float>(sign | (magnitude < 0x0400u ? subnormal : normal));
}

inline float bfloatToFloat(std::uint16_t bfloat) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat) << 16);
}

}  // namespace fm
