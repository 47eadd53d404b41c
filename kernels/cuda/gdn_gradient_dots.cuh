// The row-wise dot products that the gradients of decay and beta are made of, and where the gradient kernel works.
#pragma once

#include "kernels/cuda/gdn_kernels.h"

namespace fm::kernels::cuda::gdn {

// Shared memory, in bytes from its start.
template <int dim>
struct GradientLayout {
    static constexpr int kThreads = dim * 2;
    static constexpr int kWarps = dim / 16;
    static constexpr int kQuery = 0;
    static constexpr int kKey = kQuery + Tile<dim>::kBytes;
    static constexpr int kOutput = kKey + Tile<dim>::kBytes;       // dO, later dQ
    static constexpr int kResidual = kOutput + Tile<dim>::kBytes;  // dR, later dK
    static constexpr int kNewValue = kResidual + Tile<dim>::kBytes;
    static constexpr int kScores = kNewValue + Tile<dim>::kBytes;   // dPr
    static constexpr int kMixing = kScores + Tile<kChunk>::kBytes;  // dM
    static constexpr int kGates = kMixing + Tile<kChunk>::kBytes;
    static constexpr int kDots = kGates + sizeof(Gates);  // float [warps][64]: db; then [warps]: last
    static constexpr int kBytes = kDots + (kWarps * kChunk + kWarps) * 4;
};

struct GradientPlace {
    int b;
    int value_head;
    int c;
    int rows;         // of the chunk, that count
    int stored_rows;  // of the chunk, that exist in [B,T,..] tensors
    int lane;
    int warp;

    __device__ __forceinline__ explicit GradientPlace(const GdnSizes& sizes)
        : b(blockIdx.z),
          value_head(blockIdx.y),
          c(blockIdx.x),
          rows(min(sizes.length(b) - c * kChunk, kChunk)),
          stored_rows(min(sizes.tokens - c * kChunk, kChunk)),
          lane(threadIdx.x % 32),
          warp(threadIdx.x / 32) {}
};

__device__ __forceinline__ float dot(const Fragment& x, const Fragment& y) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const float2 a = unpackBf16(x.r[i]);
        const float2 b = unpackBf16(y.r[i]);
        sum += a.x * b.x + a.y * b.y;
    }
    return sum;
}

// Calls add(i, x) with this lane's part x of <rows, sums> for token 8 (i/2) + 2 (lane%4) + i%2: the elements of rows^T
// as a left operand lie where those of the sums do.
template <int dim, typename Add>
__device__ __forceinline__ void forTokenDots(const Sums& sums, SharedAddress rows, int warp, int lane, Add add) {
    const Tile<dim> tile(rows, lane);
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
        const Fragment block = tile.leftTransposed(m, warp);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const float(&sum)[4] = sums[2 * m + half];
            const float2 upper = unpackBf16(block.r[2 * half]);
            const float2 lower = unpackBf16(block.r[2 * half + 1]);
            add(4 * m + 2 * half, upper.x * sum[0] + lower.x * sum[2]);
            add(4 * m + 2 * half + 1, upper.y * sum[1] + lower.y * sum[3]);
        }
    }
}

// dbeta, two threads for each token.
template <int dim>
__device__ __forceinline__ void storeBetaGradient(const GradientArgs& args, const GradientPlace& place,
                                                  const Gates& gates, SharedAddress shared) {
    using L = GradientLayout<dim>;
    if (threadIdx.x >= 2 * kChunk) return;
    const int row = threadIdx.x / 2;
    float sum = 0;
#pragma unroll
    for (int unit = threadIdx.x % 2; unit < dim / 8; unit += 2) {
        const uint4 r = loadShared128(shared + L::kResidual + Tile<dim>::offset(row, unit));
        const uint4 v = loadShared128(shared + L::kNewValue + Tile<dim>::offset(row, unit));
        sum += dot({r.x, r.y, r.z, r.w}, {v.x, v.y, v.z, v.w});
    }
    sum += __shfl_xor_sync(0xffffffffU, sum, 1);
    if (threadIdx.x % 2 != 0 || row >= place.stored_rows) return;
    const float beta = gates.beta[row];
    args.dbeta_BTH[args.sizes.valueRow(place.b, place.c * kChunk + row, place.value_head)] =
        row < place.rows ? sum / (beta * beta) : 0;
}

__device__ __forceinline__ float sumOverWarp(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffU, x, step);
    return x;
}

// Adds what the lane 2 half away holds, each of the two keeping another half of the values.
template <int half>
__device__ __forceinline__ void halveDots(float (&dots)[16], int lane) {
    const bool upper = (lane & (2 * half)) != 0;
#pragma unroll
    for (int i = 0; i < half; ++i) {
        const float keep = upper ? dots[i + half] : dots[i];
        const float send = upper ? dots[i] : dots[i + half];
        dots[i] = keep + __shfl_xor_sync(0xffffffffU, send, 2 * half);
    }
}

// Sums forTokenDots' sixteen values over the lanes that share them; lane l is left with tokens 2l and 2l+1.
__device__ __forceinline__ float2 sumTokenDots(float (&dots)[16], int lane) {
    halveDots<8>(dots, lane);
    halveDots<4>(dots, lane);
    halveDots<2>(dots, lane);
    return {dots[0], dots[1]};
}

// dg_t = sum_{i >= t} db_i + last, by one warp; lane l has tokens 2l and 2l+1.
template <int dim>
__device__ __forceinline__ void storeDecayGradient(const GradientArgs& args, const GradientPlace& place,
                                                   const float* shared) {
    float db[2] = {};
    float last = 0;
    for (int w = 0; w < GradientLayout<dim>::kWarps; ++w) {
        db[0] += shared[w * kChunk + 2 * place.lane];
        db[1] += shared[w * kChunk + 2 * place.lane + 1];
        last += shared[GradientLayout<dim>::kWarps * kChunk + w];
    }
    float sum = db[0] + db[1];
    for (int step = 1; step < 32; step *= 2) {
        const float after = __shfl_down_sync(0xffffffffU, sum, step);
        if (place.lane + step < 32) sum += after;
    }
    const float dg[2] = {sum + last, sum - db[0] + last};
    for (int i = 0; i < 2; ++i) {
        const int t = 2 * place.lane + i;
        if (t >= place.stored_rows) continue;
        args.dg_BTH[args.sizes.valueRow(place.b, place.c * kChunk + t, place.value_head)] = t < place.rows ? dg[i] : 0;
    }
}

}  // namespace fm::kernels::cuda::gdn
