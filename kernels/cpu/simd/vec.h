// The vector type of one instruction set. Everything in simd/ is compiled once for each path and lives in an unnamed
// namespace: an inline function with linkage, compiled with AVX-512 in one file, could be the copy that the linker
// keeps for all. For the same reason nothing here calls an inline function of the standard library.
#pragma once

#include <cstdint>

namespace fm::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kVecFloats = 16;
#elif defined(__AVX2__)
constexpr int kVecFloats = 8;
#else
constexpr int kVecFloats = 4;
#endif

typedef float Vec __attribute__((vector_size(kVecFloats * 4), may_alias));
typedef float UnalignedVec __attribute__((vector_size(kVecFloats * 4), may_alias, aligned(4)));
typedef float Vec4 __attribute__((vector_size(16), may_alias));
typedef float UnalignedVec4 __attribute__((vector_size(16), may_alias, aligned(4)));

inline Vec load(const float* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<UnalignedVec*>(to) = value; }
inline Vec splat(float value) { return value - Vec{}; }
inline std::int64_t roundUp(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

inline float horizontalSum(Vec value) {
#if defined(__AVX512F__)
    const auto half = __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15);
    const Vec4 quarter =
        __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif defined(__AVX2__)
    const Vec4 quarter =
        __builtin_shufflevector(value, value, 0, 1, 2, 3) + __builtin_shufflevector(value, value, 4, 5, 6, 7);
#else
    const Vec4 quarter = value;
#endif
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

// Sum of a[i] b[i]; count is a multiple of kVecFloats.
inline float dot(const float* a, const float* b, std::int64_t count) {
    Vec sum{};
    for (std::int64_t i = 0; i < count; i += kVecFloats) sum += load(a + i) * load(b + i);
    return horizontalSum(sum);
}

// Copies count floats and fills up to padded with zeros.
inline void copyPadded(const float* from, std::int64_t count, float* to, std::int64_t padded) {
    std::int64_t i = 0;
    for (; i + kVecFloats <= count; i += kVecFloats) store(to + i, load(from + i));
    for (; i < count; ++i) to[i] = from[i];
    for (; i < padded; ++i) to[i] = 0;
}

inline void fillZero(float* to, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = 0;
}

}  // namespace
}  // namespace fm::kernels
