// What the two ways to make the products of a chunk share (lightning_portable.cuh, lightning_hopper.cuh): who owns
// what, where it lies, and the factors of the decay. The accumulator layout of S^T (rows = value columns) is that of
// the right operand of Q S and of the left operand of S^T Q^T, so the state never passes through shared memory.
#pragma once

#include "kernels/cuda/lightning_decay.cuh"
#include "kernels/cuda/lightning_scan.h"

namespace fm::kernels::cuda::lightning {

// kHopper: the products are wgmma's. kStages: chunks in shared memory at a time.
template <int kHeadDim_, int kWarps_, int kStages_, bool kHopper_>
struct ScanShape {
    static constexpr int kHeadDim = kHeadDim_;
    static constexpr int kWarps = kWarps_;
    static constexpr int kWarpCols = 16;
    static constexpr int kStages = kStages_;
    static constexpr bool kHopper = kHopper_;
    static constexpr int kThreads = 32 * kWarps;
    static constexpr int kCtaCols = kWarps * kWarpCols;
    static constexpr int kSplits = kHeadDim / kCtaCols;
    static constexpr int kKeyTiles = kHeadDim / 8;
    using KeyTile = Tile<kHeadDim>;
    using ValueTile = Tile<kCtaCols>;
    using ScoreTile = Tile<kChunkTokens>;
    static constexpr int kStageBytes = 2 * KeyTile::kBytes + ValueTile::kBytes;
    static constexpr int kScoreBuffers = kHopper ? 2 : 1;
    static constexpr int kScoreOffset = kStages * kStageBytes;
    static constexpr int kDecayOffset = kScoreOffset + kScoreBuffers * ScoreTile::kBytes;
    static constexpr int kFactorOffset = kDecayOffset + kDecayTables * static_cast<int>(sizeof(ChunkDecay));
    // Each thread's factors of its scores, for constant decays: 64 x 64 floats, all warpgroups together.
    static constexpr int kSharedBytes = kFactorOffset + (kHopper ? 4 * kChunkTokens * kChunkTokens : 0);

    // S^T of this thread: value column lane / 4 (+ 8 in the last two), keys 8 tile + 2 (lane % 4) and the next.
    using State = float[kKeyTiles][4];
};

// Where the chunk of one step of the scan lies in shared memory.
template <class Shape>
struct ChunkTiles {
    std::uint32_t query;
    std::uint32_t key;
    std::uint32_t value;
    std::uint32_t scores;

    __device__ ChunkTiles(std::uint32_t base, int step) {
        query = base + step % Shape::kStages * Shape::kStageBytes;
        key = query + Shape::KeyTile::kBytes;
        value = key + Shape::KeyTile::kBytes;
        scores = base + Shape::kScoreOffset + step % Shape::kScoreBuffers * Shape::ScoreTile::kBytes;
    }
};

// Where this block works and what its threads own.
struct ScanPlace {
    std::int64_t pair;
    std::int64_t first_token;  // row of the sequence's first token in [B*T, H, d]
    int head;
    int split;
    int length;  // tokens that count
    int chunks;
    int warp;
    int lane;
};

// scale * D_ij with D_ij = e^{-|b_i - b_j|} on the causal side, else 0: chosen before any product, so that no infinity
// meets a zero.
template <bool kReverse>
__device__ __forceinline__ float scoreFactor(const ChunkDecay& decay, int i, int j, float scale) {
    const bool causal = kReverse ? j >= i : i >= j;
    return causal ? scale * exp2Fast(-fabsf(decay.log2_prefix[i] - decay.log2_prefix[j])) : 0.0f;
}

// The state as right operand of Q S (or left operand of S^T Q^T): keys 16 step to 16 step + 15.
__device__ __forceinline__ void stateOperand(const float (*state)[4], int step, std::uint32_t (&words)[4]) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const float* s = &state[2 * step + i / 2][2 * (i % 2)];
        words[i] = packBf16(s[0], s[1]);
    }
}

// write * V^T: each word of this left operand holds two tokens of one column.
__device__ __forceinline__ void scaleWritten(std::uint32_t (&v)[4], const ChunkDecay& decay, int token, int lane) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        const Bf16PairFactor write = decay.write[token / 2 + 4 * half + lane % 4];
        v[2 * half] = scalePair(v[2 * half], write);
        v[2 * half + 1] = scalePair(v[2 * half + 1], write);
    }
}

// Where this lane's row of V^T's left operand of step 0 lies.
template <class Shape>
__device__ __forceinline__ std::uint32_t valueLane(const ChunkTiles<Shape>& tiles, int warp, int lane) {
    const int row = lane % 8 + 8 * (lane / 16), piece = warp * Shape::kWarpCols / 8 + lane / 8 % 2;
    return tiles.value + Shape::ValueTile::offset(row, piece);
}

}  // namespace fm::kernels::cuda::lightning
