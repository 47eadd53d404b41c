// One token:  S <- e^g S ; u = beta (v - k S) ; S <- S + k^T u ; o = scale * q S.
// Both products of the old state are taken in one reading of it:  o = scale * (e^g (q S_old) + <q,k> u). A block of
// threads has 32 value columns of one (sequence, value head): eight lanes hold four neighbouring columns each, the
// other threads split the keys. Every element of the state is read and written once, 16 bytes at a time.
#include "kernels/cuda/gdn.h"
#include "kernels/cuda/gdn_kernels.h"

namespace fm::kernels::cuda::gdn {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;
constexpr int kColumns = 32;
constexpr int kColumnGroups = kColumns / 4;
constexpr int kKeyGroups = kThreads / kColumnGroups;

__device__ __forceinline__ void addScaled(float4& sum, float factor, const float4& x) {
    sum.x += factor * x.x;
    sum.y += factor * x.y;
    sum.z += factor * x.z;
    sum.w += factor * x.w;
}

// Over the four key groups of a warp.
__device__ __forceinline__ float4 sumOverKeyGroups(float4 x) {
#pragma unroll
    for (int step = kColumnGroups; step < 32; step *= 2) {
        x.x += __shfl_xor_sync(0xffffffffU, x.x, step);
        x.y += __shfl_xor_sync(0xffffffffU, x.y, step);
        x.z += __shfl_xor_sync(0xffffffffU, x.z, step);
        x.w += __shfl_xor_sync(0xffffffffU, x.w, step);
    }
    return x;
}

__device__ __forceinline__ float4 sumOverWarps(const float4 (&sums)[kWarps][kColumnGroups], int group) {
    float4 total = sums[0][group];
#pragma unroll
    for (int warp = 1; warp < kWarps; ++warp) addScaled(total, 1, sums[warp][group]);
    return total;
}

__device__ __forceinline__ float bf16At(const void* tensor, std::int64_t i) {
    return __uint_as_float(static_cast<std::uint32_t>(static_cast<const Bf16*>(tensor)[i]) << 16);
}

// <q, k>, in every lane.
template <int dim>
__device__ __forceinline__ float dotOfQueryAndKey(const FmGdnDecode& args, std::int64_t row) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < dim / 32; ++i) {
        const std::int64_t element = row * dim + threadIdx.x % 32 + 32 * i;
        sum += bf16At(args.q_BHd, element) * bf16At(args.k_BHd, element);
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, step);
    return sum;
}

// beta (v - e^g (k S)) for four columns.
__device__ __forceinline__ float4 newValues(const FmGdnDecode& args, std::int64_t pair, std::int64_t element,
                                            float decay, const float4& read) {
    const float beta = args.beta_BH[pair];
    return {beta * (bf16At(args.v_BHd, element) - decay * read.x),
            beta * (bf16At(args.v_BHd, element + 1) - decay * read.y),
            beta * (bf16At(args.v_BHd, element + 2) - decay * read.z),
            beta * (bf16At(args.v_BHd, element + 3) - decay * read.w)};
}

// Grid: groups of value columns of all value heads of all sequences.
template <int dim>
__global__ void __launch_bounds__(kThreads) decodeToken(const FmGdnDecode args) {
    constexpr int kKeys = dim / kKeyGroups;  // of a thread
    __shared__ float4 read_sums[2][kWarps][kColumnGroups];
    const std::int64_t pair = blockIdx.x / (dim / kColumns);
    const std::int64_t row = pair / (args.shape.value_heads / args.shape.heads);
    const int group = threadIdx.x % kColumnGroups;
    const int first_key = threadIdx.x / kColumnGroups;
    const int column = static_cast<int>(blockIdx.x % (dim / kColumns)) * kColumns + 4 * group;
    float4* states = reinterpret_cast<float4*>(args.state_BHkv + pair * dim * dim + first_key * dim + column);
    float4 state[kKeys];
#pragma unroll
    for (int i = 0; i < kKeys; ++i) state[i] = states[i * kKeyGroups * dim / 4];
    float keys[kKeys];
    float4 by_key = {0, 0, 0, 0};
    float4 by_query = {0, 0, 0, 0};
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
        const std::int64_t element = row * dim + first_key + i * kKeyGroups;
        keys[i] = bf16At(args.k_BHd, element);
        addScaled(by_key, keys[i], state[i]);
        addScaled(by_query, bf16At(args.q_BHd, element), state[i]);
    }
    by_key = sumOverKeyGroups(by_key);
    by_query = sumOverKeyGroups(by_query);
    const int warp = threadIdx.x / 32;
    if (threadIdx.x % 32 < kColumnGroups) {
        read_sums[0][warp][group] = by_key;
        read_sums[1][warp][group] = by_query;
    }
    __syncthreads();
    const float decay = expf(args.g_BH[pair]);
    const float4 u = newValues(args, pair, pair * dim + column, decay, sumOverWarps(read_sums[0], group));
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
        float4 next = {decay * state[i].x, decay * state[i].y, decay * state[i].z, decay * state[i].w};
        addScaled(next, keys[i], u);
        states[i * kKeyGroups * dim / 4] = next;
    }
    if (warp > 0) return;
    const float query_key = dotOfQueryAndKey<dim>(args, row);
    if (threadIdx.x >= kColumnGroups) return;
    const float4 old = sumOverWarps(read_sums[1], group);
    const float scale = args.shape.scale;
    *reinterpret_cast<uint2*>(static_cast<Bf16*>(args.o_BHd) + pair * dim + column) = {
        packBf16(scale * (decay * old.x + query_key * u.x), scale * (decay * old.y + query_key * u.y)),
        packBf16(scale * (decay * old.z + query_key * u.z), scale * (decay * old.w + query_key * u.w))};
}

bool isComplete(const FmGdnDecode& args) {
    const FmGdnShape& s = args.shape;
    return s.batch > 0 && s.heads > 0 && s.value_heads > 0 && s.value_heads % s.heads == 0 &&
           (s.head_dim == 64 || s.head_dim == 128) && args.q_BHd != nullptr && args.k_BHd != nullptr &&
           args.v_BHd != nullptr && args.g_BH != nullptr && args.beta_BH != nullptr && args.state_BHkv != nullptr &&
           args.o_BHd != nullptr;
}

}  // namespace
}  // namespace fm::kernels::cuda::gdn

cudaError_t fm_gdn_decode(const FmGdnDecode* args) {
    using namespace fm::kernels::cuda::gdn;
    if (!isComplete(*args)) return cudaErrorInvalidValue;
    const FmGdnShape& s = args->shape;
    const dim3 grid(static_cast<unsigned>(s.batch) * s.value_heads * (s.head_dim / kColumns));
    return s.head_dim == 64 ? launch(decodeToken<64>, grid, kThreads, 0, args->stream, *args)
                            : launch(decodeToken<128>, grid, kThreads, 0, args->stream, *args);
}
