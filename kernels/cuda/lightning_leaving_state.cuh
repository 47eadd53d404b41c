// The states that leave the chunks, for the gradient of a decay per token: kept by a forward role, multiplied with dS
// by the reverse role whose threads own the same elements.
#pragma once

#include "kernels/cuda/lightning_scan_io.cuh"

namespace fm::kernels::cuda::lightning {

// Where this thread's share of the state that leaves a chunk lies: 16-byte words, neighbouring threads side by side.
template <class Shape>
__device__ __forceinline__ std::int64_t leavingStateIndex(const ScanArgs& args, const ScanPlace& place, int chunk) {
    constexpr std::int64_t kWords = Shape::kKeyTiles / 2 * Shape::kThreads;
    return ((place.pair * args.chunks + chunk) * Shape::kSplits + place.split) * kWords + threadIdx.x;
}

template <class Shape>
__device__ __forceinline__ void storeLeavingState(const typename Shape::State& state, const ScanArgs& args,
                                                  const ScanRole& role, const ScanPlace& place, int chunk) {
    uint4* target = role.leaving_states + leavingStateIndex<Shape>(args, place, chunk);
#pragma unroll
    for (int word = 0; word < Shape::kKeyTiles / 2; ++word) {
        const float(&a)[4] = state[2 * word];
        const float(&b)[4] = state[2 * word + 1];
        target[word * Shape::kThreads] =
            make_uint4(packBf16(a[0], a[1]), packBf16(a[2], a[3]), packBf16(b[0], b[1]), packBf16(b[2], b[3]));
    }
}

// Writes <S, dS> of this warp's 16 value columns.
template <class Shape>
__device__ __forceinline__ void storeStateDot(const typename Shape::State& state, const ScanArgs& args,
                                              const ScanRole& role, const ScanPlace& place, int chunk) {
    const uint4* source = role.leaving_states + leavingStateIndex<Shape>(args, place, chunk);
    float sum = 0;
#pragma unroll
    for (int word = 0; word < Shape::kKeyTiles / 2; ++word) {
        const uint4 s = source[word * Shape::kThreads];
        const std::uint32_t packed[4] = {s.x, s.y, s.z, s.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const float* d = &state[2 * word + i / 2][2 * (i % 2)];
            sum += lowBf16(packed[i]) * d[0] + highBf16(packed[i]) * d[1];
        }
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
    const std::int64_t part = place.split * Shape::kWarps + place.warp;
    if (place.lane == 0) role.state_dots[(place.pair * args.chunks + chunk) * (Shape::kHeadDim / 16) + part] = sum;
}

}  // namespace fm::kernels::cuda::lightning
