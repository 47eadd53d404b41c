// The loop over chunks and the kernel around it.
#pragma once

#include "kernels/cuda/lightning_hopper.cuh"
#include "kernels/cuda/lightning_leaving_state.cuh"
#include "kernels/cuda/lightning_portable.cuh"

namespace fm::kernels::cuda::lightning {

// The tables of decays. A constant decay needs two, one for whole chunks and one for the last chunk, made at the start.
// With decays per token three take turns, and the first warp makes each one kLead steps ahead.
template <bool kReverse, int kLead>
struct DecayTables {
    const ScanArgs& args;
    const ScanPlace& place;
    ChunkDecay* tables;
    bool per_token;

    __device__ int chunkOf(int step) const { return kReverse ? place.chunks - 1 - step : step; }
    __device__ ChunkDecay& of(int step) const {
        const bool ragged = validRows(place, chunkOf(step)) < kChunkTokens;
        return tables[per_token ? step % kDecayTables : static_cast<int>(ragged)];
    }
    // For constant decays; not made where there is no whole chunk.
    __device__ const ChunkDecay& ofWholeChunk() const { return tables[0]; }
    __device__ void make(int step, DecayPair g) const {
        if (place.warp == 0) makeChunkDecay<kReverse>(of(step), g, args.scale, place.lane);
    }
    __device__ DecayPair fetch(int step) const {
        if (place.warp != 0 || step >= place.chunks) return {};
        return fetchDecay(args, place, chunkOf(step));
    }
    __device__ void start() const {
        if (place.chunks == 0) return;
        make(0, fetch(0));
        const int other = per_token ? 1 : place.chunks - 1;
        if (per_token ? kLead > 1 : &of(other) != &of(0)) make(other, fetch(other));
    }
    __device__ DecayPair fetchAhead(int step) const { return per_token ? fetch(step + kLead) : DecayPair{}; }
    __device__ void makeAhead(int step, DecayPair g) const {
        if (per_token && step + kLead < place.chunks) make(step + kLead, g);
    }
};

// Fetches the chunk of a step; also commits an empty group, so that the count of groups tells which chunk has arrived.
template <class Shape, bool kReverse>
__device__ __forceinline__ void fetchStep(const ScanArgs& args, const ScanRole& role, const ScanPlace& place, int step,
                                          std::uint32_t base) {
    if (step < place.chunks) {
        const int chunk = kReverse ? place.chunks - 1 - step : step;
        fetchChunk<Shape>(args, role, place, chunk, base + step % Shape::kStages * Shape::kStageBytes);
    }
    commitCopies();
}

// What one thread block scans, and how its threads find it.
template <class Shape, bool kReverse>
struct PairScan {
    static constexpr int kLead = Shape::kHopper ? 2 : 1;  // Hopper's scores are made one chunk ahead

    const ScanArgs& args;
    const ScanRole& role;
    const ScanPlace& place;
    std::uint32_t base;
    DecayTables<kReverse, kLead> decays;

    __device__ __forceinline__ void fetch(int step) const { fetchStep<Shape, kReverse>(args, role, place, step, base); }
    __device__ __forceinline__ ScoreFactors<Shape, kReverse> factors(const ChunkDecay& decay) const {
        return {base, decay, args.scale, place};
    }

    __device__ __forceinline__ void start() const {
        for (int step = 0; step < Shape::kStages - 1; ++step) fetch(step);
        decays.start();
        if constexpr (Shape::kHopper) {
            awaitCopies<Shape::kStages - 2>();
            publishToProducts();
            __syncthreads();
            if (place.chunks > 0) {
                makeFirstScores<Shape, kReverse>(ChunkTiles<Shape>(base, 0), factors(decays.of(0)),
                                                 factors(decays.ofWholeChunk()), place);
            }
        }
    }

    // The chunks needed now have arrived, and every warp has left the previous one.
    __device__ __forceinline__ void awaitChunk() const {
        awaitCopies<Shape::kStages - 1 - kLead>();
        if constexpr (Shape::kHopper) publishToProducts();
        __syncthreads();
    }

    __device__ __forceinline__ void scanChunkPortable(typename Shape::State& state, int step) const {
        const ChunkTiles<Shape> tiles(base, step);
        const ChunkDecay& decay = decays.of(step);
        WarpOut out;
        fetch(step + Shape::kStages - 1);
        makeScores<Shape, kReverse>(tiles, decay, args.scale, place.warp, place.lane);
        readState<Shape>(state, out, tiles.query, decay, place.lane);
        __syncthreads();  // the scores are complete
        addChunk<Shape, kReverse>(state, out, tiles, decay, place.warp, place.lane);
        storeRows<Shape>(out, args, role, place, decays.chunkOf(step));
    }

    __device__ __forceinline__ void scanChunk(typename Shape::State& state, int step) const {
        if constexpr (Shape::kHopper) {
            const ChunkTiles<Shape> tiles(base, step);
            scanChunkHopper<Shape, kReverse>(
                state, tiles, ChunkTiles<Shape>(base, step + 1), decays.of(step), factors(decays.of(step + 1)),
                decays.per_token, step + 1 < place.chunks, place, [&] { fetch(step + Shape::kStages - 1); },
                [&](const float(&out)[8][4]) {
                    storeTransposed<Shape>(out, tiles, args, role, place, decays.chunkOf(step));
                });
        } else {
            scanChunkPortable(state, step);
        }
    }
};

template <class Shape, bool kReverse>
__device__ __forceinline__ void scanPair(const ScanArgs& args, const ScanRole& role, const ScanPlace& place,
                                         unsigned char* shared) {
    auto* tables = reinterpret_cast<ChunkDecay*>(shared + Shape::kDecayOffset);
    const PairScan<Shape, kReverse> scan{
        args, role, place, sharedAddress(shared), {args, place, tables, args.g_BTH != nullptr}};
    scan.start();
    typename Shape::State state;
    loadState<Shape>(state, role, place);
    for (int step = 0; step < place.chunks; ++step) {
        const int chunk = scan.decays.chunkOf(step);
        scan.awaitChunk();
        const DecayPair ahead = scan.decays.fetchAhead(step);
        if (kReverse && role.state_dots != nullptr) storeStateDot<Shape>(state, args, role, place, chunk);
        scan.scanChunk(state, step);
        if (!kReverse && role.leaving_states != nullptr) {
            storeLeavingState<Shape>(state, args, role, place, chunk);
        }
        scan.decays.makeAhead(step, ahead);
    }
    storeState<Shape>(state, role, place);
    clearPadding<Shape>(args, role, place);
}

// Blocks of one pair are neighbours, because they read the same tokens. kBoth compiles the scan against time too.
template <class Shape, int kMinBlocks, bool kBoth>
__global__ void __launch_bounds__(Shape::kThreads, kMinBlocks) scanKernel(const __grid_constant__ ScanArgs args) {
    extern __shared__ __align__(1024) unsigned char shared[];
    const int per_pair = args.role_count * Shape::kSplits;
    const int in_pair = static_cast<int>(blockIdx.x) % per_pair;
    const ScanRole role = args.roles[in_pair / Shape::kSplits];  // a copy, to stay in registers
    ScanPlace place;
    place.pair = blockIdx.x / per_pair;
    place.split = in_pair % Shape::kSplits;
    place.head = static_cast<int>(place.pair % args.heads);
    const std::int64_t sequence = place.pair / args.heads;
    place.first_token = sequence * args.tokens;
    place.length = static_cast<int>(args.lengths_B == nullptr ? args.tokens : args.lengths_B[sequence]);
    place.chunks = (place.length + kChunkTokens - 1) / kChunkTokens;
    place.warp = threadIdx.x / 32;
    place.lane = threadIdx.x % 32;
    if (kBoth && role.reverse) {
        scanPair<Shape, true>(args, role, place, shared);
    } else {
        scanPair<Shape, false>(args, role, place, shared);
    }
}

}  // namespace fm::kernels::cuda::lightning
