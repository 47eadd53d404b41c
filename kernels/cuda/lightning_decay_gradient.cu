// dg_t = sum_{i >= t, same chunk} (<q_i, dq_i> - <k_i, dk_i>) + <S, dS> at the end of the chunk
// (reference/kernels.md 1.2, with the chunk's end as the end of the sequence). One block per chunk and pair: each warp
// takes tokens in turn, then the first warp sums from the end.
#include <cuda_bf16.h>

#include "kernels/cuda/lightning_decay_gradient.h"

namespace fm::kernels::cuda::lightning {
namespace {

constexpr int kTokens = 64;
constexpr int kThreads = 256;

__device__ float dotOfTwo(const __nv_bfloat16* a, const __nv_bfloat16* b) {
    const float2 x = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(a));
    const float2 y = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(b));
    return x.x * y.x + x.y * y.y;
}

// <q, dq> - <k, dk> of one token and head, in every lane.
__device__ float decaySlope(const FmLightningBackward& args, std::int64_t first, int lane) {
    const auto* q = static_cast<const __nv_bfloat16*>(args.forward.q_BTHd) + first;
    const auto* k = static_cast<const __nv_bfloat16*>(args.forward.k_BTHd) + first;
    const auto* dq = static_cast<const __nv_bfloat16*>(args.dq_BTHd) + first;
    const auto* dk = static_cast<const __nv_bfloat16*>(args.dk_BTHd) + first;
    float sum = 0;
    for (int i = 2 * lane; i < args.forward.shape.head_dim; i += 64)
        sum += dotOfTwo(q + i, dq + i) - dotOfTwo(k + i, dk + i);
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
    return sum;
}

// Inclusive sum from the highest lane down.
__device__ float sumFromEnd(float value, int lane) {
    for (int step = 1; step < 32; step *= 2) {
        const float after = __shfl_down_sync(0xffffffffu, value, step);
        if (lane + step < 32) value += after;
    }
    return value;
}

__global__ void decayGradientKernel(const __grid_constant__ FmLightningBackward args, const float* state_dots,
                                    std::int64_t chunks) {
    __shared__ float slope[kTokens];
    const FmLightningForward& in = args.forward;
    const std::int64_t tokens = in.shape.tokens, heads = in.shape.heads;
    const std::int64_t chunk = blockIdx.x % chunks, pair = blockIdx.x / chunks;
    const std::int64_t sequence = pair / heads, head = pair % heads;
    const std::int64_t length = in.lengths_B == nullptr ? tokens : in.lengths_B[sequence];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    for (int i = warp; i < kTokens; i += kThreads / 32) {
        const std::int64_t token = chunk * kTokens + i;
        float value = 0;
        if (token < length) {
            value = decaySlope(args, ((sequence * tokens + token) * heads + head) * in.shape.head_dim, lane);
        }
        if (lane == 0) slope[i] = value;
    }
    __syncthreads();
    if (warp != 0) return;
    float state_dot = 0;
    if (chunk * kTokens < length) {  // else no scan has written it
        const int parts = in.shape.head_dim / 16;
        for (int i = 0; i < parts; ++i) state_dot += state_dots[(pair * chunks + chunk) * parts + i];
    }
    const float late = sumFromEnd(slope[32 + lane], lane);
    const float early = sumFromEnd(slope[lane], lane) + __shfl_sync(0xffffffffu, late, 0);
    const float from_token[2] = {early, late};
    for (int half = 0; half < 2; ++half) {
        const std::int64_t token = chunk * kTokens + 32 * half + lane;
        if (token >= tokens) continue;
        const float gradient = token < length ? from_token[half] + state_dot : 0.0f;
        args.dg_BTH[(sequence * tokens + token) * heads + head] = gradient;
    }
}

}  // namespace

cudaError_t launchDecayGradient(const FmLightningBackward& args, const float* state_dots, cudaStream_t stream) {
    const FmLightningShape& shape = args.forward.shape;
    const std::int64_t chunks = (shape.tokens + kTokens - 1) / kTokens;
    const std::int64_t blocks = shape.batch * shape.heads * chunks;
    if (blocks == 0) return cudaSuccess;
    decayGradientKernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(args, state_dots, chunks);
    return cudaGetLastError();
}

}  // namespace fm::kernels::cuda::lightning
