// The gradients that need no scan, per chunk and value head, all at once. With S entering the chunk, dS arriving at
// its end, V', dR = dV and b of the chunk:
//   dPr = scale D (.) tril(dO V'^T) ;  dM = -D (.) tril(dR V'^T, -1)
//   dQ     = scale e^b (dO S^T) + dPr K
//   reader = -e^b (dR S^T) + dM K                                  what k does where it reads the state
//   writer = e^(b_last - b) (V' dS^T) + dPr^T Q + dM^T K           and where it writes it
//   dK = reader + writer ;  dbeta_i = <dR_i, V'_i> / beta_i^2
//   db_i = <Q_i, dQ_i> + <K_i, reader_i> - <K_i, writer_i> ;  dg_t = sum_{i >= t} db_i + last
//   last = sum_i <K_i, first term of writer_i> + e^b_last <S, dS>
// dQ^T and dK^T are made transposed: each warp has 16 key columns of all 64 tokens, so that it alone reads its part of
// S and dS, and has it as the left operand of every product.
#include "kernels/cuda/gdn_gradient_dots.cuh"

namespace fm::kernels::cuda::gdn {
namespace {

template <int dim>
__device__ __forceinline__ void copyInputs(const GradientArgs& args, const GradientPlace& place, SharedAddress shared) {
    using L = GradientLayout<dim>;
    const GdnSizes& sizes = args.sizes;
    const std::int64_t stride = static_cast<std::int64_t>(sizes.value_heads) * dim;
    const std::int64_t value = sizes.valueRow(place.b, place.c * kChunk, place.value_head) * dim;
    const std::int64_t key = sizes.row(place.b, place.c * kChunk, sizes.queryHead(place.value_head)) * dim;
    const std::int64_t chunk = sizes.chunk(place.b, place.value_head, place.c);
    copyTile<dim, L::kThreads>(shared + L::kOutput, args.do_BTHd + value, stride, place.rows);
    copyTile<dim, L::kThreads>(shared + L::kNewValue, args.saved.new_values_NCd + chunk * kChunk * dim, dim, kChunk);
    copyTile<dim, L::kThreads>(shared + L::kResidual, args.dv_BTHd + value, stride, place.rows);
    copyGates<L::kThreads>(shared + L::kGates, args.chunks.gates_N + chunk);
    commitCopies();
    copyTile<dim, L::kThreads>(shared + L::kKey, args.k_BTHd + key, sizes.heads * dim, place.rows);
    copyTile<dim, L::kThreads>(shared + L::kQuery, args.q_BTHd + key, sizes.heads * dim, place.rows);
    commitCopies();
}

// dPr and dM, by a warpgroup each or, where there is one, by the same.
template <int dim>
__device__ __forceinline__ void writeLocalMatrices(const GradientPlace& place, const Gates& gates, float scale,
                                                   SharedAddress shared) {
    using L = GradientLayout<dim>;
    const Tile<dim> new_values(shared + L::kNewValue, place.lane);
    const int slab = place.warp % 4;
    const bool both = L::kWarps == 4;
    if (both || place.warp < 4) {
        Sums sums;
        beginProducts();
        makeTileProduct(sums, Tile<dim>(shared + L::kOutput, place.lane), new_values, slab);
        commitProducts();
        waitForProducts<0>();
        writeDecayed<false>(sums, gates, scale, slab, place.lane, shared + L::kScores);
    }
    if (both || place.warp >= 4) {
        Sums sums;
        beginProducts();
        makeTileProduct(sums, Tile<dim>(shared + L::kResidual, place.lane), new_values, slab);
        commitProducts();
        waitForProducts<0>();
        writeDecayed<true>(sums, gates, -1, slab, place.lane, shared + L::kMixing);
    }
}

// A stored block of S^T [value][key] as the left operand S [key][value].
__device__ __forceinline__ Fragment transposeBlock(const Fragment& f) {
    return {transpose8x8(f.r[0]), transpose8x8(f.r[2]), transpose8x8(f.r[1]), transpose8x8(f.r[3])};
}

// Brings the warp's parts of S and dS to the second-level cache, a line for each lane.
template <int dim>
__device__ __forceinline__ void prefetchStates(const GradientArgs& args, std::int64_t chunk, int warp, int lane) {
    constexpr int kLinesOfBlock = 32 * sizeof(Fragment) / 128;
    if (lane / kLinesOfBlock >= dim / 16) return;
    const std::int64_t line = stateFragment<dim>(chunk, lane / kLinesOfBlock, warp, lane % kLinesOfBlock * 8);
    prefetchGlobal(args.saved.states_N + line);
    prefetchGlobal(args.dstates_N + line);
}

constexpr int kAtOnce = 4;  // blocks of a state in registers

// From a value block of a state to the next, for a lane.
template <int dim>
inline constexpr int kBlockStride = dim / 16 * 32;

// dQ^T = S dO^T and dK^T = S dR^T.
template <int dim>
__device__ __forceinline__ void readState(const GradientArgs& args, std::int64_t chunk, SharedAddress shared, int warp,
                                          int lane, Sums& dq, Sums& dk) {
    const Tile<dim> d_o(shared + GradientLayout<dim>::kOutput, lane);
    const Tile<dim> d_r(shared + GradientLayout<dim>::kResidual, lane);
    const Fragment* blocks = args.saved.states_N + stateFragment<dim>(chunk, 0, warp, lane);
#pragma unroll
    for (int k = 0; k < dim / 16; k += kAtOnce) {
        Fragment state[kAtOnce];
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
            state[i] = transposeBlock(loadFragment(blocks + (k + i) * kBlockStride<dim>));
        }
        beginProducts();
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
            addRowsProduct(dq, state[i], d_o, k + i, k + i > 0);
            addRowsProduct(dk, state[i], d_r, k + i, k + i > 0);
        }
        commitProducts();
        waitForProducts<0>();
    }
}

// dK^T += e^(b_last - b) (dS V'^T). Returns this lane's part of `last`.
template <int dim>
__device__ __forceinline__ float addStateWriter(const GradientArgs& args, std::int64_t chunk, const Gates& gates,
                                                SharedAddress shared, int warp, int lane, Sums& dk) {
    const Tile<dim> new_values(shared + GradientLayout<dim>::kNewValue, lane);
    const Fragment* blocks = args.saved.states_N + stateFragment<dim>(chunk, 0, warp, lane);
    const Fragment* dblocks = args.dstates_N + stateFragment<dim>(chunk, 0, warp, lane);
    float last = 0;
    Sums writer;
#pragma unroll
    for (int k = 0; k < dim / 16; k += kAtOnce) {
        Fragment dstate[kAtOnce];
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
            const Fragment ds = loadFragment(dblocks + (k + i) * kBlockStride<dim>);
            last += dot(loadFragment(blocks + (k + i) * kBlockStride<dim>), ds);
            dstate[i] = transposeBlock(ds);
        }
        beginProducts();
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) addRowsProduct(writer, dstate[i], new_values, k + i, k + i > 0);
        commitProducts();
        waitForProducts<0>();
    }
    last *= gates.decay_in[kChunk - 1];
    scaleColumns(writer, gates.decay_out, 1, lane);
    forTokenDots<dim>(writer, shared + GradientLayout<dim>::kKey, warp, lane, [&](int, float x) { last += x; });
#pragma unroll
    for (int i = 0; i < 32; ++i) dk[i / 4][i % 4] += writer[i / 4][i % 4];
    return last;
}

// The warp's columns of a tile, transposed, as left operands.
template <int dim>
__device__ __forceinline__ void loadColumns(const Tile<dim>& tile, int warp, Fragment (&columns)[kBlocks]) {
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) columns[m] = tile.leftTransposed(m, warp);
}

template <int dim>
__device__ __forceinline__ void storeGradient(const GdnSizes& sizes, const GradientPlace& place, const Sums& sums,
                                              SharedAddress tile, Bf16* to_BTHd) {
    Fragment packed[kBlocks];
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) packed[n] = packColumns(sums, n);
    storeTransposed<dim>(packed, tile, place.warp, place.lane,
                         to_BTHd + sizes.valueRow(place.b, place.c * kChunk, place.value_head) * dim,
                         static_cast<std::int64_t>(sizes.value_heads) * dim, place.stored_rows);
}

// A chunk that holds no token which counts.
template <int dim>
__device__ void storeZeroGradients(const GradientArgs& args, const GradientPlace& place) {
    constexpr int kUnits = dim / 8;
    for (int i = threadIdx.x; i < place.stored_rows * kUnits; i += GradientLayout<dim>::kThreads) {
        const std::int64_t row = args.sizes.valueRow(place.b, place.c * kChunk + i / kUnits, place.value_head);
        const std::int64_t element = row * dim + (i % kUnits) * 8;
        *reinterpret_cast<uint4*>(args.dq_BTHd + element) = {0, 0, 0, 0};
        *reinterpret_cast<uint4*>(args.dk_BTHd + element) = {0, 0, 0, 0};
        if (i % kUnits == 0) args.dg_BTH[row] = args.dbeta_BTH[row] = 0;
    }
}

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

// dQ, then dK, once everything is in shared memory. `dk` holds S dR^T.
template <int dim>
__device__ __forceinline__ void finishGradients(const GradientArgs& args, const GradientPlace& place,
                                                std::int64_t chunk, const Gates& gates, SharedAddress shared, Sums& dq,
                                                Sums& dk, float* dots_shared) {
    using L = GradientLayout<dim>;
    const int lane = place.lane;
    const int warp = place.warp;
    const Tile<kChunk> scores(shared + L::kScores, lane);
    const Tile<kChunk> mixing(shared + L::kMixing, lane);
    const Tile<dim> queries(shared + L::kQuery, lane);
    const Tile<dim> keys(shared + L::kKey, lane);
    Fragment key_columns[kBlocks];
    loadColumns(keys, warp, key_columns);
    scaleColumns(dq, gates.decay_in, args.sizes.scale, lane);
    scaleColumns(dk, gates.decay_in, -1, lane);
    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
        addRowsProduct(dq, key_columns[m], scores, m, true);
        addRowsProduct(dk, key_columns[m], mixing, m, true);  // dk is `reader` then
    }
    commitProducts();
    waitForProducts<0>();
    float dots[16];
    // in shared memory, since registers are short here
    float2& db = *reinterpret_cast<float2*>(&dots_shared[warp * kChunk + 2 * lane]);
    forTokenDots<dim>(dq, shared + L::kQuery, warp, lane, [&](int i, float x) { dots[i] = x; });
    db = sumTokenDots(dots, lane);
    storeGradient<dim>(args.sizes, place, dq, shared + L::kOutput, args.dq_BTHd);
    __syncwarp();
    forTokenDots<dim>(dk, shared + L::kKey, warp, lane, [&](int i, float x) { dots[i] = x; });
    const float2 reader_dot = sumTokenDots(dots, lane);
    db = {db.x + 2 * reader_dot.x, db.y + 2 * reader_dot.y};
    __syncwarp();
    const float last = addStateWriter<dim>(args, chunk, gates, shared, warp, lane, dk);
    Fragment query_columns[kBlocks];
    loadColumns(keys, warp, key_columns);
    loadColumns(queries, warp, query_columns);
    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
        addColumnsProduct(dk, query_columns[m], scores, m, 0, true);
        addColumnsProduct(dk, key_columns[m], mixing, m, 0, true);
    }
    commitProducts();
    waitForProducts<0>();
    forTokenDots<dim>(dk, shared + L::kKey, warp, lane, [&](int i, float x) { dots[i] = x; });
    const float2 dk_dot = sumTokenDots(dots, lane);
    db = {db.x - dk_dot.x, db.y - dk_dot.y};  // reader - writer = 2 reader - dK
    const float warp_last = sumOverWarp(last);
    if (lane == 0) dots_shared[L::kWarps * kChunk + warp] = warp_last;
    storeGradient<dim>(args.sizes, place, dk, shared + L::kResidual, args.dk_BTHd);
}

// Grid: chunks, value heads, sequences.
template <int dim>
__global__ void __launch_bounds__(GradientLayout<dim>::kThreads, dim == 64 ? 3 : 2)
    computeGradients(const GradientArgs args) {
    using L = GradientLayout<dim>;
    const GradientPlace place(args.sizes);
    if (place.rows <= 0) return storeZeroGradients<dim>(args, place);
    const SharedAddress shared = sharedAddress(dynamic_shared);
    const Gates& gates = *reinterpret_cast<const Gates*>(dynamic_shared + L::kGates);
    float* dots = reinterpret_cast<float*>(dynamic_shared + L::kDots);
    const std::int64_t chunk = args.sizes.chunk(place.b, place.value_head, place.c);
    copyInputs<dim>(args, place, shared);
    prefetchStates<dim>(args, chunk, place.warp, place.lane);
    clearTile<L::kThreads>(shared + L::kScores);
    clearTile<L::kThreads>(shared + L::kMixing);
    waitForCopies<1>();
    shareTiles();
    __syncthreads();  // dO, dR, V' and the gates have arrived
    writeLocalMatrices<dim>(place, gates, args.sizes.scale, shared);
    storeBetaGradient<dim>(args, place, gates, shared);
    Sums dq, dk;
    readState<dim>(args, chunk, shared, place.warp, place.lane, dq, dk);
    waitForCopies<0>();
    shareTiles();
    __syncthreads();  // dPr, dM, q and k are complete; dO and dR are done with
    finishGradients<dim>(args, place, chunk, gates, shared, dq, dk, dots);
    __syncthreads();
    if (place.warp == 0) storeDecayGradient<dim>(args, place, dots);
}

}  // namespace

template <int dim>
cudaError_t launchGradients(const GradientArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(computeGradients<dim>, dim3(sizes.chunks, sizes.value_heads, sizes.batch),
                  GradientLayout<dim>::kThreads, GradientLayout<dim>::kBytes, stream, args);
}

template cudaError_t launchGradients<64>(const GradientArgs&, cudaStream_t);
template cudaError_t launchGradients<128>(const GradientArgs&, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
