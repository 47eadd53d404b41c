// The products of one chunk with mma.sync, for sm_80 and later.
//   P  = scale * (Q K^T) (.) D            shared by all warps through shared memory
//   O  = read * (Q S) + P V               each warp: 64 rows x its own columns
//   S' = carry * S + K^T (write * V)      each warp: its own columns, as S^T in fp32 registers
#pragma once

#include "kernels/cuda/lightning_scan_io.cuh"

namespace fm::kernels::cuda::lightning {

// Block number n of the ten 16x16 blocks on and below the diagonal, or its mirror image.
template <bool kReverse>
__device__ __forceinline__ void scoreBlock(int n, int& row_tile, int& col_tile) {
    const int large = (n >= 1) + (n >= 3) + (n >= 6);
    const int small = n - large * (large + 1) / 2;
    row_tile = kReverse ? small : large;
    col_tile = kReverse ? large : small;
}

template <class Shape, bool kReverse>
__device__ __forceinline__ void makeScores(const ChunkTiles<Shape>& tiles, const ChunkDecay& decay, float scale,
                                           int warp, int lane) {
    constexpr int kBlocks = (10 + Shape::kWarps - 1) / Shape::kWarps;
    float product[kBlocks][2][4] = {};
    std::uint32_t query_lane[kBlocks], key_lane[kBlocks];
    int row[kBlocks], col[kBlocks];
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
        scoreBlock<kReverse>(min(warp + n * Shape::kWarps, 9), row[n], col[n]);
        query_lane[n] = tiles.query + Shape::KeyTile::offset(16 * row[n] + lane % 16, lane / 16);
        key_lane[n] = tiles.key + Shape::KeyTile::offset(16 * col[n] + lane % 8 + 8 * (lane / 16), lane / 8 % 2);
    }
#pragma unroll
    for (int step = 0; step < Shape::kHeadDim / 16; ++step) {
#pragma unroll
        for (int n = 0; n < kBlocks; ++n) {
            if (warp + n * Shape::kWarps >= 10) continue;
            std::uint32_t a[4], b[4];
            loadMatrices(a, Shape::KeyTile::advance(query_lane[n], step));
            loadMatrices(b, Shape::KeyTile::advance(key_lane[n], step));
            multiplyAdd(product[n][0], a, b[0], b[1]);
            multiplyAdd(product[n][1], a, b[2], b[3]);
        }
    }
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
        if (warp + n * Shape::kWarps >= 10) continue;
#pragma unroll
        for (int half = 0; half < 4; ++half) {
            const int tile = half / 2, i = 16 * row[n] + lane / 4 + 8 * (half % 2);
            const int j = 16 * col[n] + 8 * tile + 2 * (lane % 4);
            const float* p = &product[n][tile][2 * (half % 2)];
            const std::uint32_t packed = packBf16(p[0] * scoreFactor<kReverse>(decay, i, j, scale),
                                                  p[1] * scoreFactor<kReverse>(decay, i, j + 1, scale));
            storeShared32(tiles.scores + Shape::ScoreTile::offset(i, 2 * col[n] + tile) + 4 * (lane % 4), packed);
        }
    }
}

// O of this warp's columns: rows 16 row + lane / 4 (+ 8 in the last two), columns 8 tile + 2 (lane % 4) and the next.
using WarpOut = float[4][2][4];

// out = read * (Q S) with the entering state.
template <class Shape>
__device__ __forceinline__ void readState(const typename Shape::State& state, WarpOut& out, std::uint32_t query,
                                          const ChunkDecay& decay, int lane) {
    const std::uint32_t query_lane = query + Shape::KeyTile::offset(lane % 16, lane / 16);
#pragma unroll
    for (int i = 0; i < 32; ++i) out[i / 8][i / 4 % 2][i % 4] = 0;
#pragma unroll
    for (int step = 0; step < Shape::kHeadDim / 16; ++step) {
        std::uint32_t s[4];
        stateOperand(state, step, s);
#pragma unroll
        for (int row = 0; row < 4; ++row) {
            std::uint32_t a[4];
            loadMatrices(a, Shape::KeyTile::advance(query_lane, step) + 16 * row * Shape::KeyTile::kRowBytes);
            multiplyAdd(out[row][0], a, s[0], s[2]);
            multiplyAdd(out[row][1], a, s[1], s[3]);
        }
    }
#pragma unroll
    for (int row = 0; row < 4; ++row) {
        const float upper = decay.read[16 * row + lane / 4], lower = decay.read[16 * row + lane / 4 + 8];
#pragma unroll
        for (int tile = 0; tile < 2; ++tile) {
            out[row][tile][0] *= upper;
            out[row][tile][1] *= upper;
            out[row][tile][2] *= lower;
            out[row][tile][3] *= lower;
        }
    }
}

// out += P V and S' = carry * S + K^T (write * V). One fragment of V serves as right operand of the first product and,
// scaled, as left operand (V^T) of the second.
template <class Shape, bool kReverse>
__device__ __forceinline__ void addChunk(typename Shape::State& state, WarpOut& out, const ChunkTiles<Shape>& tiles,
                                         const ChunkDecay& decay, int warp, int lane) {
#pragma unroll
    for (int i = 0; i < Shape::kKeyTiles * 4; ++i) state[i / 4][i % 4] *= decay.carry;
    const std::uint32_t score_lane = tiles.scores + Shape::ScoreTile::offset(lane % 16, lane / 16);
    const std::uint32_t key_lane = tiles.key + Shape::KeyTile::offset(lane % 16, lane / 16);
    const std::uint32_t value_lane = valueLane(tiles, warp, lane);
#pragma unroll
    for (int step = 0; step < 4; ++step) {
        std::uint32_t v[4];
        loadMatricesTransposed(v, value_lane + 16 * step * Shape::ValueTile::kRowBytes);
#pragma unroll
        for (int row = 0; row < 4; ++row) {
            if (kReverse ? row > step : row < step) continue;
            std::uint32_t p[4];
            loadMatrices(p, Shape::ScoreTile::advance(score_lane, step) + 16 * row * Shape::ScoreTile::kRowBytes);
            multiplyAdd(out[row][0], p, v[0], v[2]);
            multiplyAdd(out[row][1], p, v[1], v[3]);
        }
        scaleWritten(v, decay, 16 * step, lane);
#pragma unroll
        for (int pair = 0; pair < Shape::kKeyTiles / 2; ++pair) {
            std::uint32_t k[4];
            loadMatricesTransposed(k, Shape::KeyTile::advance(key_lane, pair) + 16 * step * Shape::KeyTile::kRowBytes);
            multiplyAdd(state[2 * pair], v, k[0], k[1]);
            multiplyAdd(state[2 * pair + 1], v, k[2], k[3]);
        }
    }
}

// Four lanes of a quad hold four words each; afterwards lane s holds word s of every lane, in order of the lanes.
__device__ __forceinline__ void transposeQuad(std::uint32_t (&word)[4], int lane) {
#pragma unroll
    for (int step = 1; step <= 2; step *= 2) {
        const bool upper = (lane & step) != 0;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if ((i & step) != 0) continue;
            const std::uint32_t received = __shfl_xor_sync(0xffffffffu, upper ? word[i] : word[i | step], step);
            if (upper) {
                word[i] = received;
            } else {
                word[i | step] = received;
            }
        }
    }
}

// Writes this warp's columns of a chunk of the output, 16 bytes a lane: of 16 rows at a time, after the exchange in a
// quad, each lane holds eight columns of one row.
// Rows that exist but do not count are zero already, because their rows of Q were zero.
template <class Shape>
__device__ __forceinline__ void storeRows(const WarpOut& out, const ScanArgs& args, const ScanRole& role,
                                          const ScanPlace& place, int chunk) {
    const int half = place.lane % 4 / 2, tile = place.lane % 2;
    const int first_col = place.split * Shape::kCtaCols + place.warp * Shape::kWarpCols + 8 * tile;
    const std::int64_t first_row = static_cast<std::int64_t>(chunk) * kChunkTokens + 8 * half + place.lane / 4;
    const std::int64_t pitch = args.heads * Shape::kHeadDim;
    __nv_bfloat16* target =
        role.out_BTHd + (place.first_token + first_row) * pitch + place.head * Shape::kHeadDim + first_col;
#pragma unroll
    for (int row = 0; row < 4; ++row) {
        std::uint32_t word[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) word[i] = packBf16(out[row][i % 2][i / 2 * 2], out[row][i % 2][i / 2 * 2 + 1]);
        transposeQuad(word, place.lane);
        if (first_row + 16 * row < args.tokens) {
            *reinterpret_cast<uint4*>(target) = make_uint4(word[0], word[1], word[2], word[3]);
        }
        target += 16 * pitch;
    }
}

}  // namespace fm::kernels::cuda::lightning
