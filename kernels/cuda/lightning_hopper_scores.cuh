// The scores P = scale * (Q K^T) (.) D of a chunk with Hopper's wgmma; each warpgroup makes its share of the columns.
#pragma once

#include "kernels/cuda/lightning_shape.cuh"
#include "kernels/cuda/lightning_wgmma.cuh"

namespace fm::kernels::cuda::lightning {

// Bytes from a tile's start to its columns 16 * step and following, in units of descriptors (16 bytes).
template <class Shape>
__device__ constexpr std::uint64_t columnStep(int step) {
    return (step / 4 * Shape::KeyTile::kPanelBytes + step % 4 * 32) / 16;
}

// Starts P's share Q K^T of this group: tokens [first_col, first_col + 8 kTiles).
template <class Shape, int kTiles>
__device__ __forceinline__ void startScores(float (&product)[kTiles][4], const ChunkTiles<Shape>& tiles,
                                            int first_col) {
    const std::uint64_t query = matrixDescriptor(tiles.query, 0);
    const std::uint64_t key = matrixDescriptor(tiles.key + first_col * Shape::KeyTile::kRowBytes, 0);
#pragma unroll
    for (int step = 0; step < Shape::kHeadDim / 16; ++step) {
        productSs(product, query + columnStep<Shape>(step), key + columnStep<Shape>(step), step > 0);
    }
}

// This thread's share of scale * D: rows i and i + 8, columns j and j + 1 of a tile of 8 columns. Constant decays give
// every chunk the same factors; they are made once and lie in shared memory, each thread's by itself.
template <class Shape, bool kReverse>
struct ScoreFactors {
    std::uint32_t table;  // this thread's first entry
    const ChunkDecay& decay;
    float scale;
    int row;
    int first_col;

    __device__ ScoreFactors(std::uint32_t base, const ChunkDecay& decay, float scale, const ScanPlace& place)
        : table(base + Shape::kFactorOffset + 16 * threadIdx.x),
          decay(decay),
          scale(scale),
          row(place.warp % 4 * 16 + place.lane / 4),
          first_col(place.warp / 4 * (256 / Shape::kWarps) + 2 * (place.lane % 4)) {}

    __device__ __forceinline__ float4 make(int tile) const {
        const int j = first_col + 8 * tile;
        return make_float4(scoreFactor<kReverse>(decay, row, j, scale), scoreFactor<kReverse>(decay, row, j + 1, scale),
                           scoreFactor<kReverse>(decay, row + 8, j, scale),
                           scoreFactor<kReverse>(decay, row + 8, j + 1, scale));
    }
    __device__ __forceinline__ void keep(int tile) const {
        storeShared128(table + tile * 16 * Shape::kThreads, make(tile));
    }
    __device__ __forceinline__ float4 kept(int tile) const {
        const uint4 bits = loadShared128(table + tile * 16 * Shape::kThreads);
        return make_float4(__uint_as_float(bits.x), __uint_as_float(bits.y), __uint_as_float(bits.z),
                           __uint_as_float(bits.w));
    }
};

template <class Shape, int kTiles, class FactorOf>
__device__ __forceinline__ void storeScores(const float (&product)[kTiles][4], const ChunkTiles<Shape>& tiles,
                                            const ScanPlace& place, FactorOf factorOf) {
    const int row = place.warp % 4 * 16 + place.lane / 4;
    const int first_piece = place.warp / 4 * kTiles;
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
        const float(&p)[4] = product[tile];
        const float4 f = factorOf(tile);
        const std::uint32_t target =
            tiles.scores + Shape::ScoreTile::offset(row, first_piece + tile) + 4 * (place.lane % 4);
        storeShared32(target, packBf16(p[0] * f.x, p[1] * f.y));
        storeShared32(target + 8 * Shape::ScoreTile::kRowBytes, packBf16(p[2] * f.z, p[3] * f.w));
    }
}

template <class Shape>
using HopperScores = float[32 / Shape::kWarps][4];  // tiles of 8 tokens; all groups together have 64 tokens

// Scores of the first chunk; those of the others are made one chunk ahead. Also makes the factors to be kept.
template <class Shape, bool kReverse>
__device__ __forceinline__ void makeFirstScores(const ChunkTiles<Shape>& tiles,
                                                const ScoreFactors<Shape, kReverse>& factors,
                                                const ScoreFactors<Shape, kReverse>& to_keep, const ScanPlace& place) {
    constexpr int kTiles = 32 / Shape::kWarps;
    HopperScores<Shape> product;
    beginProducts();
    startScores<Shape>(product, tiles, place.warp / 4 * 8 * kTiles);
    commitProducts();
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) to_keep.keep(tile);
    awaitProducts<0>();
    acceptProducts(product);
    storeScores<Shape>(product, tiles, place, [&](int tile) { return factors.make(tile); });
}

}  // namespace fm::kernels::cuda::lightning
