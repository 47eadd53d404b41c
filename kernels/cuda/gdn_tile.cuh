// Tiles of 64 tokens in shared memory.
#pragma once

#include "kernels/cuda/mma.cuh"

namespace fm::kernels::cuda::gdn {

using Sums = float[8][4];    // fp32 [16][64] of a warp, eight 16 x 8 pieces side by side
using Bf16 = std::uint16_t;  // only moved, never computed with, outside mma.cuh

inline constexpr int kChunk = 64;            // C: tokens handled as one block of matrix products
inline constexpr int kBlocks = kChunk / 16;  // 16-token blocks of a chunk

// bf16 [64][columns] as panels of 64 columns, 128 bytes to a row of a panel. The 16-byte units of a row are exchanged
// by the row's number, so that the eight rows that one ldmatrix phase reads lie in different banks. This is also the
// 128-byte swizzle that warpgroup products want; the address of a tile is then a multiple of 1024.
template <int columns>
struct Tile {
    static constexpr int kUnits = columns / 8;  // of 16 bytes in a row
    static constexpr int kBytes = kChunk * columns * 2;
    static constexpr int kPanelBytes = kChunk * 128;

    static __device__ __forceinline__ int offset(int row, int unit) {
        return unit / 8 * kPanelBytes + row * 128 + ((unit % 8 ^ (row & 7)) << 4);
    }

    SharedAddress base;
    SharedAddress lane_row;
    std::uint32_t lane_unit;  // in bytes, exchanged

    __device__ __forceinline__ Tile(SharedAddress address, int lane)
        : base(address), lane_row(address + blockRow(lane) * 128), lane_unit((((lane >> 3) & 1) ^ (lane & 7)) << 4) {}

    // The transpose of the 16 x 16 block at rows 16 row.., columns 16 column.. as a left operand.
    __device__ __forceinline__ Fragment leftTransposed(int row, int column) const {
        // A column block starts at an even unit, so it can be put in after the exchange.
        const std::uint32_t unit = lane_unit ^ (column % 4 * 32);
        return loadMatrixTransposed(lane_row + column / 4 * kPanelBytes + row * 16 * 128 + unit);
    }

private:
    // The row of a block that the lane names to ldmatrix: first both 8 x 8 pieces of the upper half.
    static __device__ __forceinline__ int blockRow(int lane) { return (lane & 7) + ((lane >> 4) << 3); }
};

// Starts the copy of rows [0, rows) of a matrix whose rows are `stride` elements apart; the other rows become zeros.
template <int columns, int threads>
__device__ __forceinline__ void copyTile(SharedAddress tile, const Bf16* from, std::int64_t stride, int rows) {
    constexpr int kUnits = Tile<columns>::kUnits;
    constexpr int kRowsAtOnce = threads / kUnits;
    static_assert(threads % kUnits == 0 && kChunk % kRowsAtOnce == 0);
    const int unit = threadIdx.x % kUnits;
    int row = threadIdx.x / kUnits;
    const Bf16* next = from + row * stride + unit * 8;
#pragma unroll
    for (int pass = 0; pass < kChunk / kRowsAtOnce; ++pass) {
        copyAsync16(tile + Tile<columns>::offset(row, unit), next, row < rows);
        row += kRowsAtOnce;
        next += kRowsAtOnce * stride;
    }
}

// Columns 16 block.. of sums as a left operand.
__device__ __forceinline__ Fragment packColumns(const Sums& sums, int block) {
    const float(&left)[4] = sums[2 * block];
    const float(&right)[4] = sums[2 * block + 1];
    return {packBf16(left[0], left[1]), packBf16(left[2], left[3]), packBf16(right[0], right[1]),
            packBf16(right[2], right[3])};
}

}  // namespace fm::kernels::cuda::gdn
