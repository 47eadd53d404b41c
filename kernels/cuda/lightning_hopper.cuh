// The products of one chunk with Hopper's wgmma. A warpgroup owns 64 value columns and works with transposed outputs,
// so that S^T, converted where it lies in the accumulators, is the left operand in registers:
//   P    = scale * (Q K^T) (.) D             each group its share of the columns, to shared memory
//   O^T  = (S^T Q^T) * read + V^T P^T        columns of O^T are tokens
//   S'^T = carry * S^T + (write * V)^T K
#pragma once

#include "kernels/cuda/lightning_hopper_scores.cuh"
#include "kernels/cuda/lightning_scan_io.cuh"

namespace fm::kernels::cuda::lightning {

// Column of O^T = row of O.
__device__ __forceinline__ void scaleRead(float (&out)[8][4], const ChunkDecay& decay, int lane) {
#pragma unroll
    for (int tile = 0; tile < 8; ++tile) {
        const float2 read = *reinterpret_cast<const float2*>(&decay.read[8 * tile + 2 * (lane % 4)]);
        out[tile][0] *= read.x;
        out[tile][1] *= read.y;
        out[tile][2] *= read.x;
        out[tile][3] *= read.y;
    }
}

// V^T of this warp as left operands of the four steps over tokens.
template <class Shape>
__device__ __forceinline__ void loadValues(std::uint32_t (&v)[4][4], const ChunkTiles<Shape>& tiles,
                                           const ScanPlace& place) {
    const std::uint32_t value_lane = valueLane(tiles, place.warp, place.lane);
#pragma unroll
    for (int step = 0; step < 4; ++step) {
        loadMatricesTransposed(v[step], value_lane + 16 * step * Shape::ValueTile::kRowBytes);
    }
}

// O^T passes through this warp's own columns of the value tile, which nothing reads any more, and leaves as rows of 32
// bytes. The rows that eight lanes read at a time lie in different banks.
template <class Shape>
__device__ __forceinline__ void storeTransposed(const float (&out)[8][4], const ChunkTiles<Shape>& tiles,
                                                const ScanArgs& args, const ScanRole& role, const ScanPlace& place,
                                                int chunk) {
    const int piece = place.warp * Shape::kWarpCols / 8;
    const int lane = place.lane;
    const std::uint32_t to = valueLane(tiles, place.warp, lane);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const float(&a)[4] = out[2 * i];
        const float(&b)[4] = out[2 * i + 1];
        storeMatricesTransposed(to + 16 * i * Shape::ValueTile::kRowBytes, packBf16(a[0], a[1]), packBf16(a[2], a[3]),
                                packBf16(b[0], b[1]), packBf16(b[2], b[3]));
    }
    __syncwarp();
    const int row = lane / 2 % 4 * 2 + lane / 8 % 2 + lane / 16 * 8;
    const std::uint32_t from = tiles.value + Shape::ValueTile::offset(row, piece + lane % 2);
    const std::int64_t first_row = static_cast<std::int64_t>(chunk) * kChunkTokens;
    const std::int64_t pitch = args.heads * Shape::kHeadDim;
    const std::int64_t rows = args.tokens - first_row;
    __nv_bfloat16* target = role.out_BTHd + (place.first_token + first_row + row) * pitch +
                            place.head * Shape::kHeadDim + place.split * Shape::kCtaCols + 8 * (piece + lane % 2);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const uint4 words = loadShared128(from + 16 * i * Shape::ValueTile::kRowBytes);
        if (row + 16 * i < rows) *reinterpret_cast<uint4*>(target) = words;
        target += 16 * pitch;
    }
}

// Starts out = S^T Q^T, then the scores of the next chunk.
template <class Shape>
__device__ __forceinline__ void startReading(float (&out)[8][4], HopperScores<Shape>& product,
                                             const typename Shape::State& state, const ChunkTiles<Shape>& tiles,
                                             const ChunkTiles<Shape>& next, int warp) {
    const std::uint64_t query = matrixDescriptor(tiles.query, 0);
    std::uint32_t s[Shape::kHeadDim / 16][4];
#pragma unroll
    for (int step = 0; step < Shape::kHeadDim / 16; ++step) stateOperand(state, step, s[step]);
    beginProducts();
#pragma unroll
    for (int step = 0; step < Shape::kHeadDim / 16; ++step) {
        productRs<0>(out, s[step], query + columnStep<Shape>(step), step > 0);
    }
    commitProducts();
    startScores<Shape>(product, next, warp / 4 * (256 / Shape::kWarps));
    commitProducts();
}

// Starts out += V^T P^T, then state += (write * V)^T K.
template <class Shape>
__device__ __forceinline__ void startAdding(float (&out)[8][4], typename Shape::State& state,
                                            const std::uint32_t (&v)[4][4], const ChunkTiles<Shape>& tiles,
                                            const ChunkDecay& decay, int lane) {
    const std::uint64_t scores = matrixDescriptor(tiles.scores, 0);
    const std::uint64_t key = matrixDescriptor(tiles.key, Shape::KeyTile::kPanelBytes);
    std::uint32_t written[4][4];
    beginProducts();
#pragma unroll
    for (int step = 0; step < 4; ++step) productRs<0>(out, v[step], scores + 2 * step, 1);
    commitProducts();
#pragma unroll
    for (int step = 0; step < 4; ++step) {
#pragma unroll
        for (int i = 0; i < 4; ++i) written[step][i] = v[step][i];
        scaleWritten(written[step], decay, 16 * step, lane);
    }
    beginProducts();
#pragma unroll
    for (int step = 0; step < 4; ++step) {
        productRs<1>(state, written[step], key + step * Shape::KeyTile::kRowBytes, 1);
    }
    commitProducts();
}

// Products of one chunk, whose scores are ready, and the scores of the next one, which has arrived too. `has_next` is
// false for the last chunk; what is then multiplied for the next is not used. meanwhile() runs while the matrix unit
// works; storeOut receives out.
template <class Shape, bool kReverse, class Meanwhile, class StoreOut>
__device__ __forceinline__ void scanChunkHopper(typename Shape::State& state, const ChunkTiles<Shape>& tiles,
                                                const ChunkTiles<Shape>& next, const ChunkDecay& decay,
                                                const ScoreFactors<Shape, kReverse>& factors, bool per_token,
                                                bool has_next, const ScanPlace& place, Meanwhile meanwhile,
                                                StoreOut storeOut) {
    HopperScores<Shape> product;
    float out[8][4];
    std::uint32_t v[4][4];
    startReading<Shape>(out, product, state, tiles, next, place.warp);
    meanwhile();
#pragma unroll
    for (int i = 0; i < 4 * Shape::kKeyTiles; ++i) state[i / 4][i % 4] *= decay.carry;
    awaitProducts<1>();
    acceptProducts(out);
    loadValues<Shape>(v, tiles, place);
    scaleRead(out, decay, place.lane);
    startAdding<Shape>(out, state, v, tiles, decay, place.lane);
    awaitProducts<2>();
    acceptProducts(product);
    if (has_next && per_token) {
        storeScores<Shape>(product, next, place, [&](int tile) { return factors.make(tile); });
    } else if (has_next) {
        storeScores<Shape>(product, next, place, [&](int tile) { return factors.kept(tile); });
    }
    awaitProducts<1>();
    acceptProducts(out);
    storeOut(out);
    awaitProducts<0>();
    acceptProducts(state);
}

}  // namespace fm::kernels::cuda::lightning
