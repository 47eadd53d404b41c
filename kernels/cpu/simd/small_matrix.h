// Products and transposes of the small matrices inside a chunk. All sizes are multiples of 16 (operands are zero-padded
// when they are packed), so no kernel has an edge case.
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace fm::kernels {
namespace {

// Which elements of a 16 x 16 left operand are 0 and need not be multiplied.
enum class Zeros { None, AboveDiagonal, BelowDiagonal };

// Left operand [rows x depth] in row-major memory, or its transpose [depth x rows]: its elements are broadcast one by
// one, so both are as fast.
template <bool kIsTransposed, Zeros kZeros>
struct LeftMatrix {
    static constexpr Zeros zeros = kZeros;
    const float* data;
    std::int64_t stride;
    float at(std::int64_t m, std::int64_t k) const {
        return kIsTransposed ? data[k * stride + m] : data[m * stride + k];
    }
    LeftMatrix fromRow(std::int64_t m) const { return {kIsTransposed ? data + m : data + m * stride, stride}; }
};
using Left = LeftMatrix<false, Zeros::None>;
using LeftTransposed = LeftMatrix<true, Zeros::None>;
using LeftLower = LeftMatrix<false, Zeros::AboveDiagonal>;
using LeftLowerTransposed = LeftMatrix<true, Zeros::BelowDiagonal>;

// Rows of a matrix that a product is added to: factor * data. Null: nothing is added.
struct Addend {
    const float* data;
    std::int64_t stride;
    float factor;
};

template <int kRows, int kVecs, bool kAdd, typename A>
__attribute__((always_inline)) inline void multiplyTile(std::int64_t first, std::int64_t last, A a, const float* b,
                                                        std::int64_t ldb, Addend add, float* c, std::int64_t ldc) {
    Vec sum[kRows][kVecs];
#pragma GCC unroll 16
    for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 4
        for (int n = 0; n < kVecs; ++n) {
            sum[m][n] = kAdd ? load(add.data + m * add.stride + n * kVecFloats) * splat(add.factor) : Vec{};
        }
    }
    for (std::int64_t k = first; k < last; ++k) {
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
template <int kRows, int kVecs, bool kAdd, typename A>
__attribute__((noinline)) void multiplyColumns(std::int64_t rows, std::int64_t depth, A a, const float* b,
                                               std::int64_t ldb, Addend add, float* c, std::int64_t ldc) {
    for (std::int64_t m = 0; m < rows; m += kRows) {
        const std::int64_t first = A::zeros == Zeros::BelowDiagonal ? m : 0;
        const std::int64_t last = A::zeros == Zeros::AboveDiagonal ? m + kRows : depth;
        multiplyTile<kRows, kVecs, kAdd>(first, last, a.fromRow(m), b, ldb,
                                         {add.data + m * add.stride, add.stride, add.factor}, c + m * ldc, ldc);
    }
}

template <bool kAdd, typename A>
inline void multiplyAny(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                        Addend add, float* c, std::int64_t ldc) {
    std::int64_t n = 0;
    const auto columns = [&add](std::int64_t first) -> Addend { return {add.data + first, add.stride, add.factor}; };
#if defined(__AVX512F__)
    for (; n + 64 <= cols; n += 64) multiplyColumns<4, 4, kAdd>(rows, depth, a, b + n, ldb, columns(n), c + n, ldc);
    for (; n + 32 <= cols; n += 32) multiplyColumns<8, 2, kAdd>(rows, depth, a, b + n, ldb, columns(n), c + n, ldc);
    for (; n < cols; n += 16) multiplyColumns<8, 1, kAdd>(rows, depth, a, b + n, ldb, columns(n), c + n, ldc);
#else
    // 8 sums cover the latency of a multiply-add; 6 x 2 is slower, because 16 rows leave a tile of 4 x 2 anyway.
    for (; n < cols; n += 2 * kVecFloats) {
        multiplyColumns<4, 2, kAdd>(rows, depth, a, b + n, ldb, columns(n), c + n, ldc);
    }
#endif
}

// c [rows x cols] = a [rows x depth] * b [depth x cols]
template <typename A>
inline void multiply(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                     float* c, std::int64_t ldc) {
    multiplyAny<false>(rows, cols, depth, a, b, ldb, {c, 0, 0}, c, ldc);
}

// c = add + a * b
template <typename A>
inline void multiplyAdd(std::int64_t rows, std::int64_t cols, std::int64_t depth, A a, const float* b, std::int64_t ldb,
                        Addend add, float* c, std::int64_t ldc) {
    multiplyAny<true>(rows, cols, depth, a, b, ldb, add, c, ldc);
}

// c [16 x 16] = a [16 x depth] * b [depth x 16] where only the elements on and below the diagonal are wanted: blocks
// above it are 0 where leaving them out saves work.
template <typename A>
inline void multiplyLower(std::int64_t depth, A a, const float* b, float (&c)[16][16]) {
#if defined(__AVX512F__)
    multiply(16, 16, depth, a, b, 16, c[0], 16);
#else
    constexpr int kBlockVecs = 8 / kVecFloats;
    multiplyColumns<8 / kBlockVecs, kBlockVecs, false>(8, depth, a, b, 16, {b, 0, 0}, c[0], 16);
    for (int row = 0; row < 8; ++row) {
        for (int n = 0; n < kBlockVecs; ++n) store(c[row] + 8 + n * kVecFloats, Vec{});
    }
    multiply(8, 16, depth, a.fromRow(8), b, 16, c[8], 16);
#endif
}

#if defined(__AVX2__)
constexpr std::int64_t kTransposeBlock = 8;
typedef float Vec8 __attribute__((vector_size(32), may_alias));
typedef float UnalignedVec8 __attribute__((vector_size(32), may_alias, aligned(4)));

// Rows i and i + 4 share a vector, so that every exchange stays within its half.
inline void transposeBlock(const float* from, std::int64_t from_row, float* to, std::int64_t to_row) {
    Vec8 left[4];   // columns 0 to 3 of rows i and i + 4
    Vec8 right[4];  // columns 4 to 7
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        const Vec8 upper = *reinterpret_cast<const UnalignedVec8*>(from + i * from_row);
        const Vec8 lower = *reinterpret_cast<const UnalignedVec8*>(from + (i + 4) * from_row);
        left[i] = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 8, 9, 10, 11);
        right[i] = __builtin_shufflevector(upper, lower, 4, 5, 6, 7, 12, 13, 14, 15);
    }
    const auto storeColumns = [to_row](const Vec8(&half)[4], float* first) {
        const Vec8 ab_low = __builtin_shufflevector(half[0], half[1], 0, 8, 1, 9, 4, 12, 5, 13);
        const Vec8 ab_high = __builtin_shufflevector(half[0], half[1], 2, 10, 3, 11, 6, 14, 7, 15);
        const Vec8 cd_low = __builtin_shufflevector(half[2], half[3], 0, 8, 1, 9, 4, 12, 5, 13);
        const Vec8 cd_high = __builtin_shufflevector(half[2], half[3], 2, 10, 3, 11, 6, 14, 7, 15);
        const auto put = [&](int column, Vec8 value) {
            *reinterpret_cast<UnalignedVec8*>(first + column * to_row) = value;
        };
        put(0, __builtin_shufflevector(ab_low, cd_low, 0, 1, 8, 9, 4, 5, 12, 13));
        put(1, __builtin_shufflevector(ab_low, cd_low, 2, 3, 10, 11, 6, 7, 14, 15));
        put(2, __builtin_shufflevector(ab_high, cd_high, 0, 1, 8, 9, 4, 5, 12, 13));
        put(3, __builtin_shufflevector(ab_high, cd_high, 2, 3, 10, 11, 6, 7, 14, 15));
    };
    storeColumns(left, to);
    storeColumns(right, to + 4 * to_row);
}

#else
constexpr std::int64_t kTransposeBlock = 4;

inline void transposeBlock(const float* from, std::int64_t from_row, float* to, std::int64_t to_row) {
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
#endif

// to [cols x rows] = from [rows x cols] transposed; any sizes, because states in the caller's memory are not padded.
inline void transpose(const float* from, std::int64_t from_row, std::int64_t rows, std::int64_t cols, float* to,
                      std::int64_t to_row) {
    const std::int64_t whole_rows = rows / kTransposeBlock * kTransposeBlock;
    const std::int64_t whole_cols = cols / kTransposeBlock * kTransposeBlock;
    for (std::int64_t i = 0; i < whole_rows; i += kTransposeBlock) {
        for (std::int64_t j = 0; j < whole_cols; j += kTransposeBlock) {
            transposeBlock(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
        }
    }
    for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = i < whole_rows ? whole_cols : 0; j < cols; ++j)
            to[j * to_row + i] = from[i * from_row + j];
    }
}

}  // namespace
}  // namespace fm::kernels
