// One token: S <- e^g S + k^T v ; o = scale * q S. A block owns 32 value columns of one (sequence, head) pair: eight
// lanes hold four neighbouring columns each, the other threads split the rows. Every state element is read and written
// once, 16 bytes at a time.
#include <cuda_bf16.h>

#include "kernels/cuda/lightning.h"

namespace fm::kernels::cuda::lightning {
namespace {

constexpr int kThreads = 128;
constexpr int kCols = 32;
constexpr int kColGroups = kCols / 4;
constexpr int kRowGroups = kThreads / kColGroups;

__device__ float4 scaledSum(float4 s, float decay, float k, float4 v) {
    return make_float4(decay * s.x + k * v.x, decay * s.y + k * v.y, decay * s.z + k * v.z, decay * s.w + k * v.w);
}

__device__ float4 loadFour(const __nv_bfloat16* source) {
    const float2 low = __bfloat1622float2(reinterpret_cast<const __nv_bfloat162*>(source)[0]);
    const float2 high = __bfloat1622float2(reinterpret_cast<const __nv_bfloat162*>(source)[1]);
    return make_float4(low.x, low.y, high.x, high.y);
}

__device__ void storeColumns(const float4 (&sums)[kRowGroups][kColGroups], float scale, __nv_bfloat16* target) {
    if (threadIdx.x >= kCols) return;
    float sum = 0;
    for (int row = 0; row < kRowGroups; ++row) sum += reinterpret_cast<const float*>(sums[row])[threadIdx.x];
    target[threadIdx.x] = __float2bfloat16(scale * sum);
}

template <int kHeadDim>
__global__ void __launch_bounds__(kThreads) decodeKernel(const __grid_constant__ FmLightningDecode args) {
    constexpr int kRows = kHeadDim / kRowGroups;
    __shared__ float4 sums[kRowGroups][kColGroups];
    const std::int64_t pair = blockIdx.x / (kHeadDim / kCols);
    const int first_col = static_cast<int>(blockIdx.x % (kHeadDim / kCols)) * kCols;
    const int col_group = threadIdx.x % kColGroups, row_group = threadIdx.x / kColGroups;
    const auto* q = static_cast<const __nv_bfloat16*>(args.q_BHd) + pair * kHeadDim;
    const auto* k = static_cast<const __nv_bfloat16*>(args.k_BHd) + pair * kHeadDim;
    const auto* v = static_cast<const __nv_bfloat16*>(args.v_BHd) + pair * kHeadDim;
    const float decay = __expf(args.g_BH != nullptr ? args.g_BH[pair] : args.log_decay_H[pair % args.shape.heads]);
    const int col = first_col + 4 * col_group;
    float4* state = reinterpret_cast<float4*>(args.state_BHkv + pair * kHeadDim * kHeadDim + col);
    const float4 v4 = loadFour(v + col);
    float4 s[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i) s[i] = state[(row_group + i * kRowGroups) * (kHeadDim / 4)];
    float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
        const int row = row_group + i * kRowGroups;
        s[i] = scaledSum(s[i], decay, __bfloat162float(k[row]), v4);
        state[row * (kHeadDim / 4)] = s[i];
        sum = scaledSum(sum, 1.0f, __bfloat162float(q[row]), s[i]);
    }
    sums[row_group][col_group] = sum;
    __syncthreads();
    storeColumns(sums, args.shape.scale, static_cast<__nv_bfloat16*>(args.o_BHd) + pair * kHeadDim + first_col);
}

}  // namespace
}  // namespace fm::kernels::cuda::lightning

extern "C" cudaError_t fm_lightning_decode(const FmLightningDecode* args) {
    using namespace fm::kernels::cuda::lightning;
    const FmLightningShape& shape = args->shape;
    const bool one_decay = (args->log_decay_H != nullptr) != (args->g_BH != nullptr);
    if (!one_decay || (shape.head_dim != 64 && shape.head_dim != 128)) return cudaErrorInvalidValue;
    const std::int64_t blocks = static_cast<std::int64_t>(shape.batch) * shape.heads * (shape.head_dim / kCols);
    if (blocks == 0) return cudaSuccess;
    if (shape.head_dim == 64) {
        decodeKernel<64><<<static_cast<unsigned>(blocks), kThreads, 0, args->stream>>>(*args);
    } else {
        decodeKernel<128><<<static_cast<unsigned>(blocks), kThreads, 0, args->stream>>>(*args);
    }
    return cudaGetLastError();
}
