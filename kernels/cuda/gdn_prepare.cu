// Per chunk and value head, all at once: the decays inside the chunk and the inverse that turns the chunk's recurrence
// into matrix products.
//   b = cumsum(g) ;  A0 = tril(beta * K K^T, -1) ;  T = (I + A)^-1 = D (.) (I + A0)^-1 ,  D_ij = exp(b_i - b_j)
// The inverse itself is free of decays: its entries stay small, whatever the gates are.
#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_sequence.cuh"

namespace fm::kernels::cuda::gdn {
namespace {

constexpr int kThreads = 128;  // one warp for each block column of the inverse
constexpr int kStride = 72;    // floats in a row of A0; 8 more than C spreads eight rows over the banks
constexpr float kLog2e = 1.4426950408889634F;
constexpr float kLeastLogDecay = -100;  // exp(-100) is 0 in fp32; keeps differences of sums finite for closed gates

// The gradient of beta is <dR, V'> / beta^2. A beta of this size instead of 0 changes no other result.
constexpr float kLeastBeta = 1e-12F;

struct Shared {
    union {
        unsigned char keys[Tile<128>::kBytes];  // until their products are made
        float matrix[kChunk][kStride];          // A0; its diagonal blocks are replaced by their inverses
    };
    Gates gates;
};

// Warp 0; lane l has tokens 2l and 2l+1.
__device__ void prepareGates(const PrepareArgs& args, std::int64_t first_row, int rows, int lane, Gates& gates) {
    float g[2];
    for (int i = 0; i < 2; ++i) {
        const int t = 2 * lane + i;
        const std::int64_t row = first_row + static_cast<std::int64_t>(t) * args.sizes.value_heads;
        g[i] = t < rows ? fmaxf(args.g_BTH[row], kLeastLogDecay) * kLog2e : 0;
        const float beta = t < rows ? args.beta_BTH[row] : 0;
        gates.beta[t] = fabsf(beta) < kLeastBeta ? kLeastBeta : beta;
    }
    float sum = g[0] + g[1];
    for (int step = 1; step < 32; step *= 2) {
        const float before = __shfl_up_sync(0xffffffffU, sum, step);
        if (lane >= step) sum += before;
    }
    const float last = __shfl_sync(0xffffffffU, sum, 31);
    const float b[2] = {sum - g[1], sum};
    for (int i = 0; i < 2; ++i) {
        const int t = 2 * lane + i;
        gates.log2_decay[t] = b[i];
        gates.decay_in[t] = exp2f(b[i]);
        gates.decay_out[t] = exp2f(last - b[i]);
    }
}

// Rows 16 slab.. of A0 = tril(beta * K K^T, -1).
__device__ void writeKeyProduct(const Sums& sums, int slab, int lane, Shared& shared) {
#pragma unroll
    for (int n = 0; n < 8; ++n) {
        if (n / 2 > slab) continue;
        const int column = n * 8 + 2 * (lane & 3);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int i = slab * 16 + 8 * half + lane / 4;
            const float beta = shared.gates.beta[i];
            *reinterpret_cast<float2*>(&shared.matrix[i][column]) = {column < i ? beta * sums[n][2 * half] : 0,
                                                                     column + 1 < i ? beta * sums[n][2 * half + 1] : 0};
        }
    }
}

// (I + A0) of one diagonal block, inverted by forward substitution; each lane below 16 has a column.
__device__ void invertDiagonalBlock(int block, int lane, Shared& shared) {
    const int first = block * 16;
    const int column = lane & 15;
    float x[16];
#pragma unroll
    for (int i = 0; i < 16; ++i) {
        float sum = i == column ? 1.0F : 0.0F;
#pragma unroll
        for (int m4 = 0; m4 < i; m4 += 4) {
            const float4 a = *reinterpret_cast<const float4*>(&shared.matrix[first + i][first + m4]);
            const float row[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
            for (int m = m4; m < m4 + 4 && m < i; ++m) sum -= row[m - m4] * x[m];
        }
        x[i] = sum;
    }
    __syncwarp();
    if (lane < 16) {
#pragma unroll
        for (int i = 0; i < 16; ++i) shared.matrix[first + i][first + column] = x[i];
    }
}

// sums[j, i] += sum_m left[j, m] matrix[i, m] for one 16 x 16 block. The order of m is free: lane column q has
// m = 2q, 2q+1 where the instruction names q, q+4, so that `left` comes from sums and `matrix` in pairs.
__device__ void addBlockProduct(float (&sums)[2][4], const float (&left)[2][4], int row_block, int column_block,
                                int lane, const Shared& shared) {
#pragma unroll
    for (int k = 0; k < 2; ++k) {
        const std::uint32_t a[4] = {toTf32(left[k][0]), toTf32(left[k][2]), toTf32(left[k][1]), toTf32(left[k][3])};
#pragma unroll
        for (int n = 0; n < 2; ++n) {
            const float2 b = *reinterpret_cast<const float2*>(
                &shared.matrix[row_block * 16 + n * 8 + lane / 4][column_block * 16 + k * 8 + 2 * (lane & 3)]);
            multiplyTf32(sums[n], a, toTf32(b.x), toTf32(b.y));
        }
    }
}

// Writes block (i, j) of T from the transposed block of the inverse.
__device__ void storeBlock(const float (&inverse)[2][4], int i, int j, int lane, const Gates& gates, Bf16* solve_CC) {
    const int column = j * 16 + lane / 4;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
        const int row = i * 16 + n * 8 + 2 * (lane & 3);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float t[2];
#pragma unroll
            for (int m = 0; m < 2; ++m) {
                const float log2 = gates.log2_decay[row + m] - gates.log2_decay[column + 8 * half];
                t[m] = row + m < column + 8 * half ? 0 : inverse[n][2 * half + m] * exp2Fast(log2);
            }
            const std::uint32_t pair = transpose8x8(packBf16(t[0], t[1]));  // row lane/4, columns 2(l%4) and +1
            const int to = Tile<kChunk>::offset(i * 16 + n * 8 + lane / 4, 2 * j + half) / 2 + 2 * (lane & 3);
            *reinterpret_cast<std::uint32_t*>(solve_CC + to) = pair;
        }
    }
}

// Block column j of X = (I + A0)^-1 :  X_ij = -X_ii sum_{j <= m < i} A_im X_mj, kept transposed in registers.
__device__ void invertBlockColumn(int j, int lane, const Shared& shared, Bf16* solve_CC) {
    float inverse[kBlocks][2][4] = {};
#pragma unroll
    for (int n = 0; n < 2; ++n) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            inverse[0][n][e] =
                shared.matrix[j * 16 + n * 8 + 2 * (lane & 3) + (e & 1)][j * 16 + lane / 4 + 8 * (e / 2)];
        }
    }
    for (int i = 0; i < j; ++i) {
        storeGlobal128(solve_CC + Tile<kChunk>::offset(i * 16 + lane / 2, 2 * j + lane % 2) / 2, {0, 0, 0, 0});
    }
    storeBlock(inverse[0], j, j, lane, shared.gates, solve_CC);
#pragma unroll
    for (int below = 1; below < kBlocks; ++below) {
        if (j + below < kBlocks) {
            float sum[2][4] = {};
#pragma unroll
            for (int m = 0; m < kBlocks - 1; ++m) {
                if (m < below) addBlockProduct(sum, inverse[m], j + below, j + m, lane, shared);
            }
#pragma unroll
            for (int e = 0; e < 8; ++e) sum[e / 4][e % 4] = -sum[e / 4][e % 4];
            addBlockProduct(inverse[below], sum, j + below, j + below, lane, shared);
            storeBlock(inverse[below], j + below, j, lane, shared.gates, solve_CC);
        }
    }
}

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

// Grid: chunks, value heads, sequences.
template <int dim>
__global__ void __launch_bounds__(kThreads) prepareChunks(const PrepareArgs args) {
    const int c = blockIdx.x;
    const int value_head = blockIdx.y;
    const int b = blockIdx.z;
    const int rows = min(args.sizes.length(b) - c * kChunk, kChunk);
    if (rows <= 0) return;
    const int lane = threadIdx.x % 32;
    const int warp = threadIdx.x / 32;
    Shared& shared = *reinterpret_cast<Shared*>(dynamic_shared);
    const SharedAddress key_tile = sharedAddress(shared.keys);

    const std::int64_t first = args.sizes.row(b, c * kChunk, args.sizes.queryHead(value_head));
    copyTile<dim, kThreads>(key_tile, args.k_BTHd + first * dim, args.sizes.heads * dim, rows);
    commitCopies();
    if (warp == 0) prepareGates(args, args.sizes.valueRow(b, c * kChunk, value_head), rows, lane, shared.gates);
    waitForCopies<0>();
    shareTiles();
    __syncthreads();

    const std::int64_t chunk = args.sizes.chunk(b, value_head, c);
    if (threadIdx.x < sizeof(Gates) / 16) {
        reinterpret_cast<uint4*>(&args.chunks.gates_N[chunk])[threadIdx.x] =
            reinterpret_cast<const uint4*>(&shared.gates)[threadIdx.x];
    }
    const Tile<dim> keys(key_tile, lane);
    Sums sums;
    beginProducts();
    makeTileProduct(sums, keys, keys, warp);
    commitProducts();
    waitForProducts<0>();
    __syncthreads();  // all are done with the keys
    writeKeyProduct(sums, warp, lane, shared);
    __syncwarp();
    invertDiagonalBlock(warp, lane, shared);
    __syncthreads();
    invertBlockColumn(warp, lane, shared, args.chunks.solve_NCC + chunk * kChunk * kChunk);
}

}  // namespace

template <int dim>
cudaError_t launchPrepare(const PrepareArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(prepareChunks<dim>, dim3(sizes.chunks, sizes.value_heads, sizes.batch), kThreads, sizeof(Shared),
                  stream, args);
}

template cudaError_t launchPrepare<64>(const PrepareArgs&, cudaStream_t);
template cudaError_t launchPrepare<128>(const PrepareArgs&, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
