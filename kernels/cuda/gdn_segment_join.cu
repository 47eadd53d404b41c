// The scan over the segments of a sequence (gdn_segment.cuh), in fp32: with E_s the state that enters segment s, M_s
// its transition and R_s what it leaves by itself,
//   E_{s+1} = M_s E_s + R_s ;  for gradients, from the last segment to the first,  D_{s-1} = M_s^T D_s + R_s
// in place of R. The first segment has been scanned from the initial state (gradients: the last from dfinal_state), so
// that it is done before. A block of threads has 16 value columns; segments that forget need nothing.
#include "kernels/cuda/gdn_kernels.h"

namespace fm::kernels::cuda::gdn {
namespace {

constexpr int kThreads = 256;
constexpr int kColumns = 16;
constexpr int kColumnGroups = kColumns / 4;  // a thread has four columns of every 64th row

extern __shared__ __align__(1024) unsigned char dynamic_shared[];

template <int dim>
struct JoinLayout {
    static constexpr int kStride = dim + 4;  // floats; spreads eight rows over the banks
    static constexpr int kMatrixBytes = dim * kStride * 4;
    static constexpr int kState = 2 * kMatrixBytes;  // [dim][kColumns]
    static constexpr int kBytes = kState + dim * kColumns * 4;
};

// Starts the copy of a transition to one of two places; every call counts as one group.
template <int dim>
__device__ __forceinline__ void copyTransition(const float* from, bool wanted, int place) {
    using L = JoinLayout<dim>;
    const SharedAddress to = sharedAddress(dynamic_shared) + place * L::kMatrixBytes;
    for (int i = threadIdx.x; wanted && i < dim * dim / 4; i += kThreads) {
        const int row = i / (dim / 4);
        const int column = i % (dim / 4) * 4;
        copyAsync16(to + (row * L::kStride + column) * 4, from + row * dim + column, true);
    }
    commitCopies();
}

__device__ __forceinline__ void addScaled(float4& sum, float factor, const float4& x) {
    sum.x += factor * x.x;
    sum.y += factor * x.y;
    sum.z += factor * x.z;
    sum.w += factor * x.w;
}

// sums += M state, or M^T state, for rows threadIdx / kColumnGroups + 64 i.
template <int dim, bool reverse>
__device__ __forceinline__ void addTransition(const float* matrix, const float* state, float4 (&sums)[dim / 64]) {
    constexpr int kStride = JoinLayout<dim>::kStride;
    const int row = threadIdx.x / kColumnGroups;
#pragma unroll 8
    for (int j = 0; j < dim; ++j) {
        const float4 x = reinterpret_cast<const float4*>(state + j * kColumns)[threadIdx.x % kColumnGroups];
#pragma unroll
        for (int i = 0; i < dim / 64; ++i) {
            addScaled(sums[i], matrix[reverse ? j * kStride + row + 64 * i : (row + 64 * i) * kStride + j], x);
        }
    }
}

// Grid: groups of value columns, value heads, sequences.
template <int dim, bool reverse>
__global__ void __launch_bounds__(kThreads) joinSegments(const SegmentJoinArgs args) {
    using L = JoinLayout<dim>;
    const int segments = args.sizes.segments;
    const std::int64_t first = args.sizes.pair(blockIdx.z, blockIdx.y) * segments;
    const int lane = threadIdx.x % 32;
    const bool inner = lane > 0 && lane < segments - 1;  // there are no more segments than lanes
    const unsigned remembering = __ballot_sync(0xffffffffU, inner && args.segments.remembers_N[first + lane] != 0);
    if (remembering == 0) return;
    const auto remembers = [&](int s) { return s > 0 && s < segments - 1 && (remembering >> s & 1) != 0; };
    const auto transition = [&](int s) { return args.segments.transitions_N + (first + s) * dim * dim; };
    constexpr int kStep = reverse ? -1 : 1;
    // This thread's columns of a row of the states.
    const int row = threadIdx.x / kColumnGroups;
    const int column_group = threadIdx.x % kColumnGroups;
    const auto stateRow = [&](int s, int i) {
        float* state = args.segments.states_N + (first + s) * dim * dim;
        return reinterpret_cast<float4*>(state + (row + 64 * i) * dim + blockIdx.x * kColumns) + column_group;
    };
    float* entering = reinterpret_cast<float*>(dynamic_shared + L::kState);
    const auto enteringRow = [&](int i) {
        return reinterpret_cast<float4*>(entering + (row + 64 * i) * kColumns) + column_group;
    };

    int s = reverse ? segments - 2 : 1;
    copyTransition<dim>(transition(s), remembers(s), s & 1);
    for (int i = 0; i < dim / 64; ++i) *enteringRow(i) = *stateRow(s - kStep, i);
    for (; s > 0 && s < segments - 1; s += kStep) {
        copyTransition<dim>(transition(s + kStep), remembers(s + kStep), (s + kStep) & 1);
        float4 sums[dim / 64];
        for (int i = 0; i < dim / 64; ++i) sums[i] = *stateRow(s, i);
        waitForCopies<1>();
        __syncthreads();  // the state and the transition are complete
        if (remembers(s)) {
            addTransition<dim, reverse>(reinterpret_cast<float*>(dynamic_shared + (s & 1) * L::kMatrixBytes), entering,
                                        sums);
        }
        __syncthreads();  // all are done with both
        for (int i = 0; i < dim / 64; ++i) *enteringRow(i) = *stateRow(s, i) = sums[i];
    }
}

}  // namespace

template <int dim>
cudaError_t launchSegmentJoin(const SegmentJoinArgs& args, bool reverse, cudaStream_t stream) {
    const GdnSizes& sizes = args.sizes;
    return launch(reverse ? joinSegments<dim, true> : joinSegments<dim, false>,
                  dim3(dim / kColumns, sizes.value_heads, sizes.batch), kThreads, JoinLayout<dim>::kBytes, stream,
                  args);
}

template cudaError_t launchSegmentJoin<64>(const SegmentJoinArgs&, bool, cudaStream_t);
template cudaError_t launchSegmentJoin<128>(const SegmentJoinArgs&, bool, cudaStream_t);

}  // namespace fm::kernels::cuda::gdn
