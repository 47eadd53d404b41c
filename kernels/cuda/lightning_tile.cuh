// Tiles of 64 tokens in shared memory: where an element lies and how a tile is fetched.
#pragma once

#include "kernels/cuda/lightning_mma.cuh"

namespace fm::kernels::cuda::lightning {

inline constexpr int kChunkTokens = 64;

// Rows are cut in panels of 64 columns, one panel after the other, so that a row of a panel is 128 bytes. Pieces of 16
// bytes are xor-ed with bits of the row: then the eight rows one ldmatrix reads at one piece lie in different banks. It
// is also the layout that Hopper's matrix unit calls 128-byte swizzle.
template <int kCols>
struct Tile {
    static constexpr int kPieces = kCols / 8;
    static constexpr int kRowBytes = 128;
    static constexpr int kPanelBytes = kChunkTokens * kRowBytes;
    static constexpr int kBytes = 2 * kChunkTokens * kCols;
    static_assert(kCols == 64 || kCols == 128);

    __device__ static constexpr int offset(int row, int piece) {
        return piece / 8 * kPanelBytes + row * kRowBytes + ((piece % 8 ^ row % 8) << 4);
    }
    // From the address of pieces 0 or 1 to that of the same piece, 16 * step columns further on.
    __device__ static constexpr std::uint32_t advance(std::uint32_t address, int step) {
        return (address ^ (step % 4 << 5)) + step / 4 * kPanelBytes;
    }
};

// Fetches rows [0, valid_rows) of a tile; the rest becomes zero. `row_pitch` counts elements.
template <int kCols, int kThreads>
__device__ __forceinline__ void fetchTile(std::uint32_t tile, const __nv_bfloat16* source, std::int64_t row_pitch,
                                          int valid_rows) {
    constexpr int kRowsPerPass = kThreads / Tile<kCols>::kPieces;
    const int first_row = threadIdx.x / Tile<kCols>::kPieces;
    const int piece = threadIdx.x % Tile<kCols>::kPieces;
    const __nv_bfloat16* place = source + first_row * row_pitch + piece * 8;
    if (valid_rows >= kChunkTokens) {
#pragma unroll
        for (int row = 0; row < kChunkTokens; row += kRowsPerPass) {
            copyAsync16(tile + Tile<kCols>::offset(first_row + row, piece), place);
            place += kRowsPerPass * row_pitch;
        }
        return;
    }
#pragma unroll
    for (int row = 0; row < kChunkTokens; row += kRowsPerPass) {
        const bool valid = first_row + row < valid_rows;
        copyAsync16OrZero(tile + Tile<kCols>::offset(first_row + row, piece), valid ? place : source, valid);
        place += kRowsPerPass * row_pitch;
    }
}

}  // namespace fm::kernels::cuda::lightning
