// Products and transposes of the small matrices inside a chunk. All sizes are multiples of 16 (operands are zero-padded
// when they are packed), so no kernel has an edge case.
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace fm::kernels {
namespace {

// Left operand [rows x depth] in row-major memory, or its transpose [depth x rows]: its elements are broadcast one by
// one, so both are as fast.
template <bool kIsTransposed>
struct LeftMatrix {
    const float* data;
    std::int64_t stride;
    float at(std::int64_t m, std::int64_t k) const {
        return kIsTransposed ? data[k * stride + m] : data[m * stride + k];
    }
    LeftMatrix fromRow(std::int64_t m) const { return {kIsTransposed ? data + m : data + m * stride, stride}; }
};
using Left = LeftMatrix<false>;
using LeftTransposed = LeftMatrix<true>;

template <int kRows, int kVecs, bool kKeep, typename A>
__attribute__((always_inline)) inline void multiplyTile(std::int64_t depth, A a, const float* b, std::int64_t ldb,
                                                        float keep, float* c, std::int64_t ldc) {
    Vec sum[kRows][kVecs];
#pragma GCC unroll 16
    for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 4
        for (int n = 0; n < kVecs; ++n) {
            sum[m][n] = kKeep ? load(c + m * ldc + n * kVecFloats) * splat(keep) : Vec{};
        }
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Vec right[kVecs];
#pragma GCC unroll 4
        for (int n = 0; n < kVecs; ++n) right[n] = load(b + k * ldb + n * kVecFloats);
#pragma GCC unroll 16
        for (int m = 0; m < kRows; ++m) {
            const Vec left = splat(a.at(m, k));
#pragma GCC unroll 4
            for (int n = 0; n < kVecs; ++n) sum[m][n] += left * right[n];
        }
    }
#pragma GCC unroll 16
    for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 4
        for (int n = 0; n < kVecs; ++n) store(c + m * ldc + n * kVecFloats, sum[m][n]);
    }
}

// Out of line: inlined at its 15 places it would push the chunk code out of the instruction cache.
template <int kRows, int kVecs, bool kKeep, typename A>
__attribute__((noinline)) void multiplyColumns(std::int64_t rows, std::int64_t depth, A a, const float* b,
                                               std::int64_t ldb, float keep, float* c, std::int64_t ldc) {
    for (std::int64_t m = 0; m < rows; m += kRows) {
        multiplyTile<kRows, kVecs, kKeep>(depth, a.fromRow(m), b, ldb, keep, c + m * ldc, ldc);
    }
}

template <bool kKeep, typename A>
inline void multiplyAny(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                        float keep, float* c, std::int64_t ldc) {
    std::int64_t n = 0;
#if defined(__AVX512F__)
    for (; n + 64 <= cols; n += 64) multiplyColumns<4, 4, kKeep>(rows, depth, a, b + n, ldb, keep, c + n, ldc);
    for (; n + 32 <= cols; n += 32) multiplyColumns<8, 2, kKeep>(rows, depth, a, b + n, ldb, keep, c + n, ldc);
    for (; n < cols; n += 16) multiplyColumns<8, 1, kKeep>(rows, depth, a, b + n, ldb, keep, c + n, ldc);
#else
    // 8 sums cover the latency of a multiply-add; with 12 the 16 registers spill.
    for (; n < cols; n += 2 * kVecFloats) {
        multiplyColumns<4, 2, kKeep>(rows, depth, a, b + n, ldb, keep, c + n, ldc);
    }
#endif
}

// c [rows x cols] = a [rows x depth] * b [depth x cols]
template <typename A>
inline void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                     float* c, std::int64_t ldc) {
    multiplyAny<false>(rows, cols, depth, a, b, ldb, 0, c, ldc);
}

// c = keep * c + a * b
template <typename A>
inline void multiplyAdd(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                        float keep, float* c, std::int64_t ldc) {
    multiplyAny<true>(rows, cols, depth, a, b, ldb, keep, c, ldc);
}

inline void transposeBlock4(const float* from, std::int64_t from_row, float* to, std::int64_t to_row) {
    const Vec4 a = *reinterpret_cast<const UnalignedVec4*>(from);
    const Vec4 b = *reinterpret_cast<const UnalignedVec4*>(from + from_row);
    const Vec4 c = *reinterpret_cast<const UnalignedVec4*>(from + 2 * from_row);
    const Vec4 d = *reinterpret_cast<const UnalignedVec4*>(from + 3 * from_row);
    const Vec4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const Vec4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Vec4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const Vec4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *reinterpret_cast<UnalignedVec4*>(to) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    *reinterpret_cast<UnalignedVec4*>(to + to_row) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    *reinterpret_cast<UnalignedVec4*>(to + 2 * to_row) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *reinterpret_cast<UnalignedVec4*>(to + 3 * to_row) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

// to [cols x rows] = from [rows x cols] transposed; any sizes, because states in the caller's memory are not padded.
inline void transpose(const float* from, std::int64_t from_row, std::int64_t rows, std::int64_t cols, float* to,
                      std::int64_t to_row) {
    const std::int64_t rows4 = rows / 4 * 4;
    const std::int64_t cols4 = cols / 4 * 4;
    for (std::int64_t i = 0; i < rows4; i += 4) {
        for (std::int64_t j = 0; j < cols4; j += 4) {
            transposeBlock4(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
        }
    }
    for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = i < rows4 ? cols4 : 0; j < cols; ++j) to[j * to_row + i] = from[i * from_row + j];
    }
}

}  // namespace
}  // namespace fm::kernels
