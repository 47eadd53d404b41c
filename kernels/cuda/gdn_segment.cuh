// Long sequences with few heads are cut into segments, so that more blocks of threads can scan at once. A segment takes
// the state that enters it to  M S + R : R is what a scan from a state of 0 leaves, M the product of the transitions
//   e^(b_last) I - (e^(b_last - b) K)^T T beta (e^b K)
// of its chunks, which is what the same scan leaves when it starts from I and all values are 0. The gradient of the
// state goes back through a segment by M^T. With |k| = 1 and 0 <= beta <= 2 no transition is longer than its decay, so
// a segment whose decay is below 2^-kForgottenLog2 has M = 0 for every purpose, and what it leaves depends on its last
// chunks alone (the gradient: on its first ones).
#pragma once

#include "kernels/cuda/gdn_scan.cuh"

namespace fm::kernels::cuda::gdn {

inline constexpr float kForgottenLog2 = 40;  // 1e-12, far below the fp32 rounding of a state

// How much of a segment counts at one of its ends.
struct SegmentReach {
    int chunks;  // from that end; the others are forgotten there
    bool whole;  // also what enters at the other end is felt
};

// Every warp finds the same, a chunk to each lane, from the end of the segment or from its start.
template <bool from_end>
__device__ __forceinline__ SegmentReach reachOfSegment(const GdnSizes& sizes, const ChunkArrays& chunks,
                                                       const ScanPlace& place) {
    const Gates* gates = chunks.gates_N + sizes.chunk(place.b, place.value_head, 0);
    const int count = place.end - place.first;
    float before = 0;
    for (int done = 0; done < count; done += 32) {
        const int i = done + place.lane;
        const int c = from_end ? place.end - 1 - i : place.first + i;
        float sum = i < count ? gates[c].log2_decay[kChunk - 1] : 0;
#pragma unroll
        for (int step = 1; step < 32; step *= 2) {
            const float other = __shfl_up_sync(0xffffffffU, sum, step);
            if (place.lane >= step) sum += other;
        }
        const unsigned forgotten = __ballot_sync(0xffffffffU, before + sum < -kForgottenLog2);
        if (forgotten != 0) return {min(done + __ffs(forgotten), count), false};
        before += __shfl_sync(0xffffffffU, sum, 31);
    }
    return {count, true};
}

}  // namespace fm::kernels::cuda::gdn
