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

// Shared memory of one chunk: bytes from the start of its stage. Scans that make no outputs need no queries.
template <int dim, bool queries = true>
struct ScanStage {
    static constexpr int kQuery = 0;
    static constexpr int kKey = queries ? Tile<dim>::kBytes : 0;
    static constexpr int kValue = kKey + Tile<dim>::kBytes;  // v or do; then what the warp writes in its columns
    static constexpr int kSolve = kValue + Tile<kValues>::kBytes;
    static constexpr int kGates = kSolve + Tile<kChunk>::kBytes;
    static constexpr int kBytes = kGates + sizeof(Gates);
};

// Two stages, P where there are queries, and a barrier for each stage.
template <int dim, bool queries = true>
inline constexpr int kScanBarriers = 2 * ScanStage<dim, queries>::kBytes + (queries ? Tile<kChunk>::kBytes : 0);
template <int dim, bool queries = true>
inline constexpr int kScanSharedBytes = kScanBarriers<dim, queries> + 16;

// Where a block of threads works. Grid: splits of the value columns, value heads, segments of each sequence.
struct ScanPlace {
    int split;
    int value_head;
    int b;
    int segment;
    int head;
    int length;
    int chunks;  // of the sequence that hold tokens which count
    int first;   // chunk of the segment
    int end;     // one past its last that counts; `first` if there is none
    int lane;
    int warp;

    __device__ __forceinline__ ScanPlace(const GdnSizes& sizes, int split)
        : split(split),
          value_head(blockIdx.y),
          b(blockIdx.z / sizes.segments),
          segment(blockIdx.z % sizes.segments),
          head(sizes.queryHead(value_head)),
          length(sizes.length(b)),
          chunks((length + kChunk - 1) / kChunk),
          first(segment * sizes.segment_chunks),
          end(max(first, min(first + sizes.segment_chunks, chunks))),
          lane(threadIdx.x % 32),
          warp(threadIdx.x / 32) {}

    // The first of this block's columns of chunk c in a [B,T,Hv,d] tensor.
    __device__ __forceinline__ std::int64_t valueElement(const GdnSizes& sizes, int c, int dim) const {
        return sizes.valueRow(b, c * kChunk, value_head) * dim + split * kValues;
    }
};

// Of a [sequence][value head][segment] array.
__device__ __forceinline__ std::int64_t segmentOf(const GdnSizes& sizes, const ScanPlace& place) {
    return sizes.pair(place.b, place.value_head) * sizes.segments + place.segment;
}

// What a scan reads, besides the chunk arrays. `values` is v or do. Without queries, their map is not used.
struct ScanInputs {
    const CUtensorMap& queries;
    const CUtensorMap& keys;
    const CUtensorMap& values;
    const ChunkArrays& chunks;
};

// Starts the copies of one chunk; for one thread.
template <int dim, bool queries = true>
__device__ __forceinline__ void copyScanStage(const ScanInputs& inputs, const GdnSizes& sizes, const ScanPlace& place,
                                              int c, SharedAddress shared) {
    using Stage = ScanStage<dim, queries>;
    const SharedAddress stage = shared + (c & 1) * Stage::kBytes;
    const SharedAddress barrier = shared + kScanBarriers<dim, queries> + (c & 1) * 8;
    const std::int64_t chunk = sizes.chunk(place.b, place.value_head, c);
    const int token = c * kChunk;
    expectCopies(barrier, Stage::kBytes);
#pragma unroll
    for (int panel = 0; panel < dim / 64; ++panel) {
        const int offset = panel * Tile<dim>::kPanelBytes;
        copyBox(stage + Stage::kKey + offset, inputs.keys, panel * 64, place.head, token, place.b, barrier);
        if constexpr (queries) {
            copyBox(stage + Stage::kQuery + offset, inputs.queries, panel * 64, place.head, token, place.b, barrier);
        }
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
template <int dim, bool queries = true>
__device__ __forceinline__ void receiveChunk(const ScanInputs& inputs, const GdnSizes& sizes, const ScanPlace& place,
                                             int c, int next, int visit, SharedAddress shared) {
    using Stage = ScanStage<dim, queries>;
    __syncthreads();
    if (threadIdx.x == 0 && next >= place.first && next < place.end) {
        copyScanStage<dim, queries>(inputs, sizes, place, next, shared);
    }
    waitForPhase(shared + kScanBarriers<dim, queries> + (c & 1) * 8, visit / 2 & 1);
    const int rows = place.length - c * kChunk;
    if (rows >= kChunk) return;
    const SharedAddress stage = shared + (c & 1) * Stage::kBytes;
    clearRows<dim>(stage + Stage::kKey, rows);
    if constexpr (queries) clearRows<dim>(stage + Stage::kQuery, rows);
    clearRows<kValues>(stage + Stage::kValue, rows);
    shareTiles();
    __syncthreads();
}

// The blocks of P above the diagonal, which nothing writes later, and the barriers.
template <int dim, bool queries = true>
__device__ __forceinline__ void prepareShared(SharedAddress shared) {
    if constexpr (queries) clearTile<kScanThreads>(shared + 2 * ScanStage<dim>::kBytes);
    if (threadIdx.x == 0) {
        initCopyBarrier(shared + kScanBarriers<dim, queries>);
        initCopyBarrier(shared + kScanBarriers<dim, queries> + 8);
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

// Matrix i of an array of states; null if there is no array.
template <int dim>
__device__ __forceinline__ float* stateAt(float* states_N, std::int64_t i) {
    return states_N == nullptr ? nullptr : states_N + i * dim * dim;
}
template <int dim>
__device__ __forceinline__ const float* stateAt(const float* states_N, std::int64_t i) {
    return states_N == nullptr ? nullptr : states_N + i * dim * dim;
}

// Key row and value column of element i of the warp's part of a state.
__device__ __forceinline__ int stateKey(const ScanPlace& place, int i) {
    return i / 32 * 64 + i % 32 / 4 * 8 + 2 * (place.lane & 3) + (i & 1);
}
__device__ __forceinline__ int stateValue(const ScanPlace& place, int i) {
    return place.split * kValues + place.warp * 16 + place.lane / 4 + 8 * (i / 2 % 2);
}

// The warp's part of a state [dim keys][dim values] in global memory; zeros if null.
template <int dim>
__device__ __forceinline__ void loadState(const ScanPlace& place, const float* from, StateSums<dim>& state) {
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) {
        state[i / 32][i / 4 % 8][i % 4] = from == nullptr ? 0 : from[stateKey(place, i) * dim + stateValue(place, i)];
    }
}

template <int dim>
__device__ __forceinline__ void storeState(const ScanPlace& place, float* to, const StateSums<dim>& state) {
    if (to == nullptr) return;
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) {
        to[stateKey(place, i) * dim + stateValue(place, i)] = state[i / 32][i / 4 % 8][i % 4];
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

// The right side of the system that V' solves, transposed: beta (V - e^b (K S)). `read_keys` is (K S)^T.
// `errors` holds V^T on entry.
__device__ __forceinline__ void packErrors(const Sums& read_keys, const Gates& gates, int lane,
                                           Fragment (&errors)[kBlocks]) {
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
#pragma unroll
        for (int part = 0; part < 4; ++part) {
            const int n = 2 * m + part / 2;
            const int e = 2 * (part % 2);
            const float2 beta = columnPair(gates.beta, n, lane);
            const float2 decay = columnPair(gates.decay_in, n, lane);
            const float2 value = unpackBf16(errors[m].r[part]);
            errors[m].r[part] = packBf16(beta.x * (value.x - decay.x * read_keys[n][e]),
                                         beta.y * (value.y - decay.y * read_keys[n][e + 1]));
        }
    }
}

}  // namespace fm::kernels::cuda::gdn
