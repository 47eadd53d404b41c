// The reverse scan over chunks. With dS the gradient of the state leaving a chunk, T and P of the chunk:
//   dV' = P^T dO + e^(b_last - b) (K dS) ;  dR = beta (T^T dV') ;  dV = dR
//   dS_in = e^b_last dS + scale (e^b Q)^T dO - (e^b K)^T dR
// held transposed (gdn_scan.cuh), dS in fp32. Needs nothing that forward computed but T.
#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_scan.cuh"
#include "kernels/cuda/gdn_segment.cuh"

namespace fm::kernels::cuda::gdn {
namespace {

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

// dO^T times scale e^b, token by token.
__device__ __forceinline__ void scaleOutputGradient(const Fragment (&d_o)[kBlocks], const Gates& gates, float scale,
                                                    int lane, Fragment (&scaled)[kBlocks]) {
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
#pragma unroll
        for (int part = 0; part < 4; ++part) {
            const float2 decay = columnPair(gates.decay_in, 2 * m + part / 2, lane);
            const float2 pair = unpackBf16(d_o[m].r[part]);
            scaled[m].r[part] = packBf16(scale * decay.x * pair.x, scale * decay.y * pair.y);
        }
    }
}

// (K dS)^T and the undecayed scores, in flight in this order.
template <int dim>
__device__ __forceinline__ void startReads(const ScanChunk<dim>& chunk, const Fragment (&dstate)[dim / 16], int warp,
                                           Sums& read_keys, Sums& scores) {
    beginProducts();
#pragma unroll
    for (int k = 0; k < dim / 16; ++k) addRowsProduct(read_keys, dstate[k], chunk.keys, k, k > 0);
    commitProducts();
    makeTileProduct(scores, chunk.queries, chunk.keys, warp);
    commitProducts();
}

template <int dim>
__device__ __forceinline__ void addToState(StateSums<dim>& state, const Fragment (&values)[kBlocks],
                                           const Tile<dim>& rows) {
#pragma unroll
    for (int panel = 0; panel < dim / 64; ++panel) {
#pragma unroll
        for (int m = 0; m < kBlocks; ++m) addColumnsProduct(state[panel], values[m], rows, m, panel, true);
    }
}

// `keep`: store what the gradients are made of.
template <int dim, bool keep>
__device__ __forceinline__ void visitChunk(const BackwardScanArgs& args, const ScanPlace& place, int c,
                                           StateSums<dim>& dstate) {
    const GdnSizes& sizes = args.sizes;
    const int lane = place.lane;
    const int warp = place.warp;
    const ScanChunk<dim> chunk(dynamic_shared, c, lane);

    Fragment packed[dim / 16];
    packState<dim, keep>(dstate, place, sizes.chunk(place.b, place.value_head, c), args.dstates_N, packed);
    Sums dnew_values, scores;
    startReads<dim>(chunk, packed, warp, dnew_values, scores);
    Fragment d_o[kBlocks];
    Fragment scaled[kBlocks];
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) d_o[m] = chunk.values.leftTransposed(m, warp);
    scaleOutputGradient(d_o, chunk.gates, sizes.scale, lane, scaled);
    waitForProducts<1>();
    scaleColumns(dnew_values, chunk.gates.decay_out, 1, lane);
    scaleState<dim>(dstate, chunk.gates.decay_in[kChunk - 1]);
    waitForProducts<0>();
    writeDecayed<false>(scores, chunk.gates, sizes.scale, warp, lane, chunk.score_tile);
    shareTiles();
    __syncthreads();  // P is complete

    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) addColumnsProduct(dnew_values, d_o[m], chunk.scores, m, 0, true);
    commitProducts();
    addToState<dim>(dstate, scaled, chunk.queries);
    commitProducts();
    waitForProducts<1>();
    Fragment solve_right[kBlocks];
    packAll(dnew_values, solve_right);
    Sums& d_r = scores;
    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) addColumnsProduct(d_r, solve_right[m], chunk.solve, m, 0, m > 0);
    commitProducts();
    waitForProducts<0>();
    scaleColumns(d_r, chunk.gates.beta, 1, lane);
    Fragment d_v[kBlocks];
    if constexpr (keep) packAll(d_r, d_v);
    scaleColumns(d_r, chunk.gates.decay_in, -1, lane);
    packAll(d_r, scaled);
    beginProducts();
    addToState<dim>(dstate, scaled, chunk.keys);
    commitProducts();
    if constexpr (keep) {
        storeTransposed<kValues>(d_v, chunk.values.base, warp, lane, args.dv_BTHd + place.valueElement(sizes, c, dim),
                                 static_cast<std::int64_t>(sizes.value_heads) * dim, sizes.tokens - c * kChunk);
    }
    waitForProducts<0>();
}

// From the gradient of the state that leaves chunk `last` to that of the state that enters the segment.
template <int dim, bool keep>
__device__ __forceinline__ void scanSegment(const BackwardScanArgs& args, const ScanPlace& place, int last,
                                            StateSums<dim>& dstate) {
    const SharedAddress shared = sharedAddress(dynamic_shared);
    prepareShared<dim>(shared);
    const ScanInputs inputs = {args.q_map, args.k_map, args.do_map, args.chunks};
    if (threadIdx.x == 0 && last >= place.first) copyScanStage<dim>(inputs, args.sizes, place, last, shared);
    for (int c = last; c >= place.first; --c) {
        receiveChunk<dim>(inputs, args.sizes, place, c, c - 1, last - c, shared);
        visitChunk<dim, keep>(args, place, c, dstate);
    }
}

// Grid: splits of the value columns, value heads, segments of each sequence.
template <int dim>
__global__ void __launch_bounds__(kScanThreads, 2) backwardScan(const __grid_constant__ BackwardScanArgs args) {
    const ScanPlace place(args.sizes, blockIdx.x);
    const std::int64_t pair = args.sizes.pair(place.b, place.value_head);
    const bool is_last = place.segment == args.sizes.segments - 1;
    StateSums<dim> dstate;
    loadState<dim>(place,
                   is_last ? stateAt<dim>(args.dfinal_state_BHkv, pair)
                           : stateAt<dim>(args.dstates_of_segments_N, segmentOf(args.sizes, place) + 1),
                   dstate);
    scanSegment<dim, true>(args, place, place.end - 1, dstate);
    if (place.segment == 0) storeState<dim>(place, stateAt<dim>(args.dinitial_state_BHkv, pair), dstate);
    if (is_last) storeZeros(args.sizes, place, dim, args.dv_BTHd);
}

// What each segment but the first hands to the one before it when nothing enters it from behind, but dfinal_state the
// last. Same grid.
template <int dim>
__global__ void __launch_bounds__(kScanThreads, 2) segmentGradients(const __grid_constant__ BackwardScanArgs args) {
    const ScanPlace place(args.sizes, blockIdx.x);
    if (place.segment == 0) return;
    const SegmentReach reach = reachOfSegment<false>(args.sizes, args.chunks, place);
    const bool is_last = place.segment == args.sizes.segments - 1;
    const std::int64_t pair = args.sizes.pair(place.b, place.value_head);
    StateSums<dim> dstate;
    loadState<dim>(place, is_last && reach.whole ? stateAt<dim>(args.dfinal_state_BHkv, pair) : nullptr, dstate);
    scanSegment<dim, false>(args, place, place.first + reach.chunks - 1, dstate);
    storeState<dim>(place, stateAt<dim>(args.dstates_of_segments_N, segmentOf(args.sizes, place)), dstate);
}

}  // namespace

template <int dim>
cudaError_t launchBackwardScan(const BackwardScanArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(backwardScan<dim>, dim3(dim / kValues, sizes.value_heads, sizes.batch * sizes.segments), kScanThreads,
                  kScanSharedBytes<dim>, stream, args);
}

template <int dim>
cudaError_t launchSegmentGradients(const BackwardScanArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(segmentGradients<dim>, dim3(dim / kValues, sizes.value_heads, sizes.batch * sizes.segments),
                  kScanThreads, kScanSharedBytes<dim>, stream, args);
}

template cudaError_t launchBackwardScan<64>(const BackwardScanArgs&, cudaStream_t);
template cudaError_t launchBackwardScan<128>(const BackwardScanArgs&, cudaStream_t);
template cudaError_t launchSegmentGradients<64>(const BackwardScanArgs&, cudaStream_t);
template cudaError_t launchSegmentGradients<128>(const BackwardScanArgs&, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
