// What the forward and the reverse scan over chunks share. One block of threads, a warpgroup, has 64 columns of the
// state of one (sequence, value head), each warp 16 of them as S^T [16 values][dim keys] in registers. All products are
// taken transposed, so that what the recurrence carries (S, V', dR) is always the left operand and stays in registers.
#pragma once

#include "kernels/cuda/gdn_sequence.cuh"

namespace fm::kernels::cuda::gdn {

inline constexpr int kValues = 64;  // columns of the state in a block of threads
inline constexpr int kScanThreads = 128;
inline constexpr int kScanWarps = kScanThreads / 32;

// S^T of a warp: panels of 64 keys.
template <int dim>
using StateSums = Sums[dim / 64];

// Shared memory of one chunk: bytes from the start of its stage.
template <int dim>
struct ScanStage {
    static constexpr int kQuery = 0;
    static constexpr int kKey = kQuery + Tile<dim>::kBytes;
    static constexpr int kValue = kKey + Tile<dim>::kBytes;  // v or do; then what the warp writes in its columns
    static constexpr int kSolve = kValue + Tile<kValues>::kBytes;
    static constexpr int kGates = kSolve + Tile<kChunk>::kBytes;
    static constexpr int kBytes = kGates + sizeof(Gates);
};

// Two stages, P, and a barrier for each stage.
template <int dim>
inline constexpr int kScanBarriers = 2 * ScanStage<dim>::kBytes + Tile<kChunk>::kBytes;
template <int dim>
inline constexpr int kScanSharedBytes = kScanBarriers<dim> + 16;

// Where a block of threads works. Grid: splits of the value columns, value heads, sequences.
struct ScanPlace {
    int split;
    int value_head;
    int b;
    int head;
    int length;
    int chunks;  // that hold tokens which count
    int lane;
    int warp;

    __device__ __forceinline__ explicit ScanPlace(const GdnSizes& sizes)
        : split(blockIdx.x),
          value_head(blockIdx.y),
          b(blockIdx.z),
          head(sizes.queryHead(value_head)),
          length(sizes.length(b)),
          chunks((length + kChunk - 1) / kChunk),
          lane(threadIdx.x % 32),
          warp(threadIdx.x / 32) {}

    // The first of this block's columns of chunk c in a [B,T,Hv,d] tensor.
    __device__ __forceinline__ std::int64_t valueElement(const GdnSizes& sizes, int c, int dim) const {
        return sizes.valueRow(b, c * kChunk, value_head) * dim + split * kValues;
    }
};

// What a scan reads, besides the chunk arrays. `values` is v or do.
struct ScanInputs {
    const CUtensorMap& queries;
    const CUtensorMap& keys;
    const CUtensorMap& values;
    const ChunkArrays& chunks;
};

// Starts the copies of one chunk; for one thread.
template <int dim>
__device__ __forceinline__ void copyScanStage(const ScanInputs& inputs, const GdnSizes& sizes, const ScanPlace& place,
                                              int c, SharedAddress shared) {
    using Stage = ScanStage<dim>;
    const SharedAddress stage = shared + (c & 1) * Stage::kBytes;
    const SharedAddress barrier = shared + kScanBarriers<dim> + (c & 1) * 8;
    const std::int64_t chunk = sizes.chunk(place.b, place.value_head, c);
    const int token = c * kChunk;
    expectCopies(barrier, Stage::kBytes);
#pragma unroll
    for (int panel = 0; panel < dim / 64; ++panel) {
        const int offset = panel * Tile<dim>::kPanelBytes;
        copyBox(stage + Stage::kKey + offset, inputs.keys, panel * 64, place.head, token, place.b, barrier);
        copyBox(stage + Stage::kQuery + offset, inputs.queries, panel * 64, place.head, token, place.b, barrier);
    }
    copyBox(stage + Stage::kValue, inputs.values, place.split * kValues, place.value_head, token, place.b, barrier);
    copyBulk(stage + Stage::kSolve, inputs.chunks.solve_NCC + chunk * kChunk * kChunk, Tile<kChunk>::kBytes, barrier);
    copyBulk(stage + Stage::kGates, inputs.chunks.gates_N + chunk, sizeof(Gates), barrier);
}

// Zeros in rows [first, 64) of a tile.
template <int columns>
__device__ __forceinline__ void clearRows(SharedAddress tile, int first) {
    constexpr int kUnits = Tile<columns>::kUnits;
    for (int i = threadIdx.x; i < (kChunk - first) * kUnits; i += kScanThreads) {
        storeShared128(tile + Tile<columns>::offset(first + i / kUnits, i % kUnits), {0, 0, 0, 0});
    }
}

// Waits for the other warps to be done with the chunk before, then for this one to arrive, while the next is started.
// Tokens beyond the length count as zeros, whatever they hold. `visit` counts chunks in the order of the scan.
template <int dim>
__device__ __forceinline__ void receiveChunk(const ScanInputs& inputs, const GdnSizes& sizes, const ScanPlace& place,
                                             int c, int next, int visit, SharedAddress shared) {
    using Stage = ScanStage<dim>;
    __syncthreads();
    if (threadIdx.x == 0 && next >= 0 && next < place.chunks) copyScanStage<dim>(inputs, sizes, place, next, shared);
    waitForPhase(shared + kScanBarriers<dim> + (c & 1) * 8, visit / 2 & 1);
    const int rows = place.length - c * kChunk;
    if (rows >= kChunk) return;
    const SharedAddress stage = shared + (c & 1) * Stage::kBytes;
    clearRows<dim>(stage + Stage::kKey, rows);
    clearRows<dim>(stage + Stage::kQuery, rows);
    clearRows<kValues>(stage + Stage::kValue, rows);
    shareTiles();
    __syncthreads();
}

// The blocks of P above the diagonal, which nothing writes later, and the barriers.
template <int dim>
__device__ __forceinline__ void prepareShared(SharedAddress shared) {
    clearTile<kScanThreads>(shared + 2 * ScanStage<dim>::kBytes);
    if (threadIdx.x == 0) {
        initCopyBarrier(shared + kScanBarriers<dim>);
        initCopyBarrier(shared + kScanBarriers<dim> + 8);
    }
    __syncthreads();
}

// One chunk in shared memory.
template <int dim>
struct ScanChunk {
    SharedAddress stage;
    SharedAddress score_tile;
    const Gates& gates;
    Tile<dim> queries, keys;
    Tile<kValues> values;
    Tile<kChunk> solve, scores;

    __device__ __forceinline__ ScanChunk(const unsigned char* shared, int c, int lane)
        : stage(sharedAddress(shared) + (c & 1) * ScanStage<dim>::kBytes),
          score_tile(sharedAddress(shared) + 2 * ScanStage<dim>::kBytes),
          gates(*reinterpret_cast<const Gates*>(shared + (c & 1) * ScanStage<dim>::kBytes + ScanStage<dim>::kGates)),
          queries(stage + ScanStage<dim>::kQuery, lane),
          keys(stage + ScanStage<dim>::kKey, lane),
          values(stage + ScanStage<dim>::kValue, lane),
          solve(stage + ScanStage<dim>::kSolve, lane),
          scores(score_tile, lane) {}
};

// The blocks above the diagonal of T and P, which nothing writes later.
template <int dim>
__device__ __forceinline__ void clearTriangles(SharedAddress shared) {
    using Stage = ScanStage<dim>;
    clearTile<kScanThreads>(shared + Stage::kSolve);
    clearTile<kScanThreads>(shared + Stage::kBytes + Stage::kSolve);
    clearTile<kScanThreads>(shared + 2 * Stage::kBytes);
    __syncthreads();  // before copies overwrite the other blocks
}

// Zeros for the tokens of the chunks that are not visited.
__device__ __forceinline__ void storeZeros(const GdnSizes& sizes, const ScanPlace& place, int dim, Bf16* to_BTHd) {
    constexpr int kUnits = kValues / 8;
    const int first = place.chunks * kChunk;
    const int units = (sizes.tokens - first) * kUnits;
    for (int i = threadIdx.x; i < units; i += kScanThreads) {
        Bf16* row = to_BTHd + sizes.valueRow(place.b, first + i / kUnits, place.value_head) * dim;
        *reinterpret_cast<uint4*>(row + place.split * kValues + (i % kUnits) * 8) = {0, 0, 0, 0};
    }
}

// The warp's part of a state [dim keys][dim values] in global memory.
template <int dim>
__device__ __forceinline__ std::int64_t stateElement(const GdnSizes& sizes, const ScanPlace& place, int panel, int i) {
    const std::int64_t pair = static_cast<std::int64_t>(place.b) * sizes.value_heads + place.value_head;
    const int key = panel * 64 + i / 4 * 8 + 2 * (place.lane & 3) + (i & 1);
    const int value = place.split * kValues + place.warp * 16 + place.lane / 4 + 8 * (i / 2 % 2);
    return pair * dim * dim + key * dim + value;
}

template <int dim>
__device__ __forceinline__ void loadState(const GdnSizes& sizes, const ScanPlace& place, const float* state_BHkv,
                                          StateSums<dim>& state) {
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) {
        state[i / 32][i / 4 % 8][i % 4] =
            state_BHkv == nullptr ? 0 : state_BHkv[stateElement<dim>(sizes, place, i / 32, i % 32)];
    }
}

template <int dim>
__device__ __forceinline__ void storeState(const GdnSizes& sizes, const ScanPlace& place, float* state_BHkv,
                                           const StateSums<dim>& state) {
    if (state_BHkv == nullptr) return;
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) {
        state_BHkv[stateElement<dim>(sizes, place, i / 32, i % 32)] = state[i / 32][i / 4 % 8][i % 4];
    }
}

// S^T rounded, as left operands; also stored if `to` is given.
template <int dim, bool store>
__device__ __forceinline__ void packState(const StateSums<dim>& state, const ScanPlace& place, std::int64_t chunk,
                                          Fragment* to, Fragment (&packed)[dim / 16]) {
#pragma unroll
    for (int k = 0; k < dim / 16; ++k) {
        packed[k] = packColumns(state[k / 4], k % 4);
        if constexpr (store) {
            const int block = place.split * kScanWarps + place.warp;
            storeFragment(to + stateFragment<dim>(chunk, block, k, place.lane), packed[k]);
        }
    }
}

template <int dim>
__device__ __forceinline__ void scaleState(StateSums<dim>& state, float factor) {
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) state[i / 32][i / 4 % 8][i % 4] *= factor;
}

__device__ __forceinline__ void packAll(const Sums& sums, Fragment (&packed)[kBlocks]) {
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) packed[n] = packColumns(sums, n);
}

}  // namespace fm::kernels::cuda::gdn
