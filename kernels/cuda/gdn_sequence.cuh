// What the kernels know about sizes, and where the arrays of a chunk lie.
#pragma once

#include "kernels/cuda/gdn_products.cuh"

namespace fm::kernels::cuda::gdn {

struct GdnSizes {
    int batch;
    int tokens;
    int heads;
    int value_heads;
    int chunks;  // of T tokens
    float scale;
    const std::int32_t* lengths_B;
    int segments;        // that a sequence is cut into, see gdn_segment.cuh; 1: not cut
    int segment_chunks;  // of a segment; the last may have fewer

    __device__ int length(int b) const { return lengths_B == nullptr ? tokens : lengths_B[b]; }
    __device__ int queryHead(int value_head) const { return value_head / (value_heads / heads); }
    // Rows of [B,T,H] and [B,T,Hv] tensors.
    __device__ std::int64_t row(int b, int t, int head) const {
        return (static_cast<std::int64_t>(b) * tokens + t) * heads + head;
    }
    __device__ std::int64_t valueRow(int b, int t, int value_head) const {
        return (static_cast<std::int64_t>(b) * tokens + t) * value_heads + value_head;
    }
    __device__ std::int64_t chunk(int b, int value_head, int c) const { return pair(b, value_head) * chunks + c; }
    __device__ std::int64_t pair(int b, int value_head) const {
        return static_cast<std::int64_t>(b) * value_heads + value_head;
    }
};

// Of one chunk: with b = inclusive sum of the log decays inside it, one value per token (0 decay beyond the length).
struct Gates {
    float log2_decay[kChunk];  // b / ln 2
    float decay_in[kChunk];    // exp(b): from the start of the chunk to the token
    float decay_out[kChunk];   // exp(b_last - b): from the token to the end of the chunk
    float beta[kChunk];        // never 0, see gdn_prepare.cu
};

// Written once a call by the preparation; N counts chunks of (sequence, value head) pairs.
struct ChunkArrays {
    Gates* gates_N;
    Bf16* solve_NCC;  // T = (I + A)^-1, as it lies in a Tile<64>
};

// What forward keeps for backward. States are bf16 blocks of S^T [d value][d key] as left operands:
// [value block][key block][lane], thus one 16-byte access of each lane for a block.
struct SavedArrays {
    Bf16* new_values_NCd;  // V' = the u_t
    Fragment* states_N;    // S entering each chunk
};

// What the segments of a sequence hand on, fp32 [d][d] for each (sequence, value head, segment), see gdn_segment.cuh.
struct SegmentArrays {
    float* states_N;            // what a segment leaves when nothing enters; after the join, what it truly leaves
    float* transitions_N;       // M [key out][key in]
    std::int32_t* remembers_N;  // whether M counts; otherwise it is not written
};

template <int dim>
inline constexpr int kStateFragments = (dim / 16) * (dim / 16) * 32;

template <int dim>
__device__ __forceinline__ std::int64_t stateFragment(std::int64_t chunk, int value_block, int key_block, int lane) {
    return chunk * kStateFragments<dim> + (value_block * (dim / 16) + key_block) * 32 + lane;
}

__device__ __forceinline__ void storeFragment(Fragment* to, const Fragment& f) {
    storeGlobal128(to, {f.r[0], f.r[1], f.r[2], f.r[3]});
}
__device__ __forceinline__ Fragment loadFragment(const Fragment* from) {
    const uint4 u = loadGlobal128(from);
    return {u.x, u.y, u.z, u.w};
}

template <int threads>
__device__ __forceinline__ void copyGates(SharedAddress to, const Gates* from) {
    constexpr int kUnits = sizeof(Gates) / 16;
    static_assert(threads >= kUnits);
    const int unit = threadIdx.x;
    if (unit < kUnits) copyAsync16(to + unit * 16, reinterpret_cast<const char*>(from) + unit * 16, true);
}

// Values of the two tokens of accumulator tile `tile` that this lane holds in its columns.
__device__ __forceinline__ float2 columnPair(const float (&values)[kChunk], int tile, int lane) {
    return *reinterpret_cast<const float2*>(&values[tile * 8 + 2 * (lane & 3)]);
}

// Columns (tokens) of sums times their factor times `scale`.
__device__ __forceinline__ void scaleColumns(Sums& sums, const float (&factor)[kChunk], float scale, int lane) {
#pragma unroll
    for (int n = 0; n < 8; ++n) {
        const float2 f = columnPair(factor, n, lane);
#pragma unroll
        for (int e = 0; e < 4; ++e) sums[n][e] *= scale * (e % 2 == 0 ? f.x : f.y);
    }
}

// Rows 16 slab.. of factor * sums (.) D into a tile; with `strict` also the diagonal is 0. Blocks above the diagonal
// are left as they are: zeros from clearTile. A masked exponent may be anything: its result is not used.
template <bool strict>
__device__ __forceinline__ void writeDecayed(const Sums& sums, const Gates& gates, float factor, int slab, int lane,
                                             SharedAddress tile) {
    const int row = slab * 16 + lane / 4;
    const float b_i[2] = {gates.log2_decay[row], gates.log2_decay[row + 8]};
#pragma unroll
    for (int n = 0; n < 8; ++n) {
        if (n / 2 > slab) continue;
        const float2 b = columnPair(gates.log2_decay, n, lane);
        const int column = n * 8 + 2 * (lane & 3) + (strict ? 1 : 0);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int i = row + 8 * half;
            const float left = factor * exp2Fast(b_i[half] - b.x) * sums[n][2 * half];
            const float right = factor * exp2Fast(b_i[half] - b.y) * sums[n][2 * half + 1];
            storeShared32(tile + Tile<kChunk>::offset(i, n) + 4 * (lane & 3),
                          packBf16(column <= i ? left : 0, column < i ? right : 0));
        }
    }
}

template <int threads>
__device__ __forceinline__ void clearTile(SharedAddress tile) {
#pragma unroll
    for (int i = threadIdx.x; i < Tile<kChunk>::kBytes / 16; i += threads) storeShared128(tile + i * 16, {0, 0, 0, 0});
}

// Writes x^T [16][64 tokens] of this warp, held as left operands, to rows of global memory `stride` apart: columns
// 16 block.. of [0, rows). The same columns of `tile` serve to turn it; only this warp may use them.
template <int columns>
__device__ __forceinline__ void storeTransposed(const Fragment (&x)[kBlocks], SharedAddress tile, int block, int lane,
                                                Bf16* to, std::int64_t stride, int rows) {
    __syncwarp();
    const int part = lane / 8;  // of a block: tokens +8 for parts 2, 3; columns +8 for parts 1, 3
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
        const int row = n * 16 + part / 2 * 8 + lane % 8;
        storeMatrixTransposed(tile + Tile<columns>::offset(row, 2 * block + part % 2), x[n]);
    }
    __syncwarp();
    Bf16* next = to + lane / 2 * stride + block * 16 + (lane % 2) * 8;
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
        const int row = n * 16 + lane / 2;
        const uint4 unit = loadShared128(tile + Tile<columns>::offset(row, 2 * block + lane % 2));
        if (row < rows) storeGlobal128(next, unit);
        next += 16 * stride;
    }
}

}  // namespace fm::kernels::cuda::gdn
