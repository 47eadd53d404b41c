// The forward scan over chunks. With S the state entering a chunk, T and P = scale (Q K^T) (.) D of the chunk:
//   V' = T (beta (V - e^b (K S))) ;  O = scale e^b (Q S) + P V' ;  S' = e^b_last S + (e^(b_last - b) K)^T V'
// held transposed (gdn_scan.cuh), S in fp32.
#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_scan.cuh"

namespace fm::kernels::cuda::gdn {
namespace {

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

// (K S)^T, the undecayed scores and (Q S)^T, in flight in this order.
template <int dim>
__device__ __forceinline__ void startReads(const ScanChunk<dim>& chunk, const Fragment (&state)[dim / 16], int warp,
                                           Sums& read_keys, Sums& scores, Sums& read_queries) {
    beginProducts();
#pragma unroll
    for (int k = 0; k < dim / 16; ++k) addRowsProduct(read_keys, state[k], chunk.keys, k, k > 0);
    commitProducts();
    makeTileProduct(scores, chunk.queries, chunk.keys, warp);
    commitProducts();
#pragma unroll
    for (int k = 0; k < dim / 16; ++k) addRowsProduct(read_queries, state[k], chunk.queries, k, k > 0);
    commitProducts();
}

template <int dim, bool save>
__device__ __forceinline__ void visitChunk(const ForwardScanArgs& args, const ScanPlace& place, int c,
                                           StateSums<dim>& state) {
    const GdnSizes& sizes = args.sizes;
    const int lane = place.lane;
    const int warp = place.warp;
    const ScanChunk<dim> chunk(dynamic_shared, c, lane);
    const std::int64_t chunk_index = sizes.chunk(place.b, place.value_head, c);
    const SharedAddress value_tile = chunk.values.base;

    Fragment packed[dim / 16];
    packState<dim, save>(state, place, chunk_index, args.saved.states_N, packed);
    Sums read_keys, scores, read_queries;
    startReads<dim>(chunk, packed, warp, read_keys, scores, read_queries);
    Fragment errors[kBlocks];
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) errors[m] = chunk.values.leftTransposed(m, warp);
    waitForProducts<2>();
    packErrors(read_keys, chunk.gates, lane, errors);
    Sums& new_values = read_keys;
    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) addRowsProduct(new_values, errors[m], chunk.solve, m, m > 0);
    commitProducts();
    waitForProducts<2>();
    writeDecayed<false>(scores, chunk.gates, sizes.scale, warp, lane, chunk.score_tile);
    shareTiles();
    waitForProducts<1>();
    scaleColumns(read_queries, chunk.gates.decay_in, sizes.scale, lane);
    scaleState<dim>(state, chunk.gates.decay_in[kChunk - 1]);
    waitForProducts<0>();
    Fragment plain[kBlocks];
    packAll(new_values, plain);
    scaleColumns(new_values, chunk.gates.decay_out, 1, lane);
    Fragment decayed[kBlocks];
    packAll(new_values, decayed);
    __syncthreads();  // P is complete

    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) addRowsProduct(read_queries, plain[m], chunk.scores, m, true);
    commitProducts();
#pragma unroll
    for (int panel = 0; panel < dim / 64; ++panel) {
#pragma unroll
        for (int m = 0; m < kBlocks; ++m) addColumnsProduct(state[panel], decayed[m], chunk.keys, m, panel, true);
    }
    commitProducts();
    if constexpr (save) {
        storeTransposed<kValues>(plain, value_tile, warp, lane,
                                 args.saved.new_values_NCd + chunk_index * kChunk * dim + place.split * kValues, dim,
                                 kChunk);
    }
    waitForProducts<1>();
    Fragment o[kBlocks];
    packAll(read_queries, o);
    storeTransposed<kValues>(o, value_tile, warp, lane, args.o_BTHd + place.valueElement(sizes, c, dim),
                             static_cast<std::int64_t>(sizes.value_heads) * dim, sizes.tokens - c * kChunk);
    waitForProducts<0>();
}

// Grid: splits of the value columns, value heads, segments of each sequence.
template <int dim, bool save>
__global__ void __launch_bounds__(kScanThreads, 2) forwardScan(const __grid_constant__ ForwardScanArgs args) {
    const ScanPlace place(args.sizes, blockIdx.x);
    const std::int64_t pair = args.sizes.pair(place.b, place.value_head);
    const SharedAddress shared = sharedAddress(dynamic_shared);
    StateSums<dim> state;
    loadState<dim>(place,
                   place.segment == 0 ? stateAt<dim>(args.initial_state_BHkv, pair)
                                      : stateAt<dim>(args.segments.states_N, segmentOf(args.sizes, place) - 1),
                   state);
    prepareShared<dim>(shared);
    const ScanInputs inputs = {args.q_map, args.k_map, args.v_map, args.chunks};
    if (threadIdx.x == 0 && place.first < place.end) {
        copyScanStage<dim>(inputs, args.sizes, place, place.first, shared);
    }
    for (int c = place.first; c < place.end; ++c) {
        receiveChunk<dim>(inputs, args.sizes, place, c, c + 1, c - place.first, shared);
        visitChunk<dim, save>(args, place, c, state);
    }
    if (place.segment < args.sizes.segments - 1) return;
    storeState<dim>(place, stateAt<dim>(args.final_state_BHkv, pair), state);
    storeZeros(args.sizes, place, dim, args.o_BTHd);
}

}  // namespace

template <int dim>
cudaError_t launchForwardScan(const ForwardScanArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(args.saved.states_N != nullptr ? forwardScan<dim, true> : forwardScan<dim, false>,
                  dim3(dim / kValues, sizes.value_heads, sizes.batch * sizes.segments), kScanThreads,
                  kScanSharedBytes<dim>, stream, args);
}

template cudaError_t launchForwardScan<64>(const ForwardScanArgs&, cudaStream_t);
template cudaError_t launchForwardScan<128>(const ForwardScanArgs&, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
