// What the segments of a sequence leave behind and how they pass a state on (gdn_segment.cuh): the part of the forward
// scan that makes the next state,
//   V' = T (beta (V - e^b (K S))) ;  S' = e^b_last S + (e^(b_last - b) K)^T V'
// once from 0 and once, with V = 0, from the columns of I.
#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_segment.cuh"

namespace fm::kernels::cuda::gdn {
namespace {

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

template <int dim>
__device__ __forceinline__ void loadIdentity(const ScanPlace& place, StateSums<dim>& state) {
#pragma unroll
    for (int i = 0; i < dim / 2; ++i) {
        state[i / 32][i / 4 % 8][i % 4] = stateKey(place, i) == stateValue(place, i) ? 1 : 0;
    }
}

template <int dim>
__device__ __forceinline__ void visitChunk(const ScanPlace& place, int c, bool with_values, StateSums<dim>& state) {
    using Stage = ScanStage<dim, false>;
    const int stage = (c & 1) * Stage::kBytes;
    const SharedAddress shared = sharedAddress(dynamic_shared) + stage;
    const Gates& gates = *reinterpret_cast<const Gates*>(dynamic_shared + stage + Stage::kGates);
    const Tile<dim> keys(shared + Stage::kKey, place.lane);
    const Tile<kValues> values(shared + Stage::kValue, place.lane);
    const Tile<kChunk> solve(shared + Stage::kSolve, place.lane);

    Fragment packed[dim / 16];
    packState<dim, false>(state, place, 0, nullptr, packed);
    Sums sums;
    beginProducts();
#pragma unroll
    for (int k = 0; k < dim / 16; ++k) addRowsProduct(sums, packed[k], keys, k, k > 0);
    commitProducts();
    Fragment errors[kBlocks];
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) {
        errors[m] = with_values ? values.leftTransposed(m, place.warp) : Fragment{};
    }
    waitForProducts<0>();
    packErrors(sums, gates, place.lane, errors);
    beginProducts();
#pragma unroll
    for (int m = 0; m < kBlocks; ++m) addRowsProduct(sums, errors[m], solve, m, m > 0);
    commitProducts();
    scaleState<dim>(state, gates.decay_in[kChunk - 1]);
    waitForProducts<0>();
    scaleColumns(sums, gates.decay_out, 1, place.lane);
    packAll(sums, errors);
    beginProducts();
#pragma unroll
    for (int panel = 0; panel < dim / 64; ++panel) {
#pragma unroll
        for (int m = 0; m < kBlocks; ++m) addColumnsProduct(state[panel], errors[m], keys, m, panel, true);
    }
    commitProducts();
    waitForProducts<0>();
}

// Grid: splits of the value columns, then of those of I; value heads; segments of each sequence. The state that leaves
// the last segment is left to the scan itself; so is what enters the first, which therefore needs no M.
template <int dim>
__global__ void __launch_bounds__(kScanThreads, 3) scanSegments(const __grid_constant__ SegmentScanArgs args) {
    constexpr int kSplits = dim / kValues;
    const bool with_values = blockIdx.x < kSplits;
    const ScanPlace place(args.sizes, blockIdx.x % kSplits);
    if (place.segment == args.sizes.segments - 1 || (place.segment == 0 && !with_values)) return;
    const SegmentReach reach = reachOfSegment<true>(args.sizes, args.chunks, place);
    const std::int64_t segment = segmentOf(args.sizes, place);
    if (blockIdx.x == kSplits && threadIdx.x == 0) args.segments.remembers_N[segment] = reach.whole ? 1 : 0;
    if (!with_values && !reach.whole) return;
    StateSums<dim> state;
    if (with_values) {
        const std::int64_t pair = args.sizes.pair(place.b, place.value_head);
        const bool from_initial = place.segment == 0 && reach.whole;
        loadState<dim>(place, from_initial ? stateAt<dim>(args.initial_state_BHkv, pair) : nullptr, state);
    } else {
        loadIdentity<dim>(place, state);
    }
    const SharedAddress shared = sharedAddress(dynamic_shared);
    prepareShared<dim, false>(shared);
    const ScanInputs inputs = {args.k_map, args.k_map, args.v_map, args.chunks};
    const int first = place.end - reach.chunks;
    if (threadIdx.x == 0 && reach.chunks > 0) copyScanStage<dim, false>(inputs, args.sizes, place, first, shared);
    for (int c = first; c < place.end; ++c) {
        receiveChunk<dim, false>(inputs, args.sizes, place, c, c + 1, c - first, shared);
        visitChunk<dim>(place, c, with_values, state);
    }
    float* to = with_values ? args.segments.states_N : args.segments.transitions_N;
    storeState<dim>(place, stateAt<dim>(to, segment), state);
}

}  // namespace

template <int dim>
cudaError_t launchSegmentScan(const SegmentScanArgs& args, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(scanSegments<dim>, dim3(2 * dim / kValues, sizes.value_heads, sizes.batch * sizes.segments),
                  kScanThreads, kScanSharedBytes<dim, false>, stream, args);
}

template cudaError_t launchSegmentScan<64>(const SegmentScanArgs&, cudaStream_t);
template cudaError_t launchSegmentScan<128>(const SegmentScanArgs&, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
