// The decays inside one chunk, in powers of two: one warp makes them, the whole block reads them from shared memory.
#pragma once

#include "kernels/cuda/lightning_tile.cuh"

namespace fm::kernels::cuda::lightning {

// b_i = sum of the log2-decays of rows 0..i of the chunk, bC = b of its last valid row.
// Forward reads the entering state with scale * 2^b_i and writes row j into it with 2^(bC - b_j). The reverse scan
// carries dS against time, so there the two change places.
struct alignas(16) ChunkDecay {
    float log2_prefix[kChunkTokens];  // b_i
    float read[kChunkTokens];
    Bf16PairFactor write[kChunkTokens / 2];  // two rows each
    float carry;                             // 2^bC
};

inline constexpr int kDecayTables = 3;

// Natural log-decays of rows 2 * lane and 2 * lane + 1, 0 for rows that do not count.
struct DecayPair {
    float even = 0;
    float odd = 0;
};

template <bool kReverse>
__device__ __forceinline__ void makeChunkDecay(ChunkDecay& decay, DecayPair g, float scale, int lane) {
    constexpr float kLog2e = 1.4426950408889634f;
    const float pair_sum = (g.even + g.odd) * kLog2e;
    float b_odd = pair_sum;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        const float before = __shfl_up_sync(0xffffffffu, b_odd, step);
        if (lane >= step) b_odd += before;
    }
    const float total = __shfl_sync(0xffffffffu, b_odd, 31);
    const float prefix[2] = {b_odd - g.odd * kLog2e, b_odd};
    float write[2];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
        const float from_start = exp2Fast(prefix[i]);
        const float to_end = exp2Fast(fminf(total - prefix[i], 0.0f));
        const int row = 2 * lane + i;
        decay.log2_prefix[row] = prefix[i];
        decay.read[row] = kReverse ? to_end : scale * from_start;
        write[i] = kReverse ? scale * from_start : to_end;
    }
    decay.write[lane] = splitFactors(write[0], write[1]);
    if (lane == 0) decay.carry = exp2Fast(total);
}

}  // namespace fm::kernels::cuda::lightning
