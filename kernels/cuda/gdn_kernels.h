// The kernels behind gdn.h, one launch each.
#pragma once

#include "kernels/cuda/gdn_sequence.cuh"

namespace fm::kernels::cuda::gdn {

struct PrepareArgs {
    GdnSizes sizes;
    const Bf16* k_BTHd;
    const float* g_BTH;
    const float* beta_BTH;
    ChunkArrays chunks;
};
template <int dim>
cudaError_t launchPrepare(const PrepareArgs& args, cudaStream_t stream);

struct ForwardScanArgs {
    GdnSizes sizes;
    CUtensorMap q_map, k_map, v_map;
    ChunkArrays chunks;
    SegmentArrays segments;
    const float* initial_state_BHkv;
    Bf16* o_BTHd;
    float* final_state_BHkv;
    SavedArrays saved;  // null pointers: keep nothing
};
template <int dim>
cudaError_t launchForwardScan(const ForwardScanArgs& args, cudaStream_t stream);

// Both before the forward scan of sequences that are cut. The join is also for the gradients of states, in reverse.
struct SegmentScanArgs {
    GdnSizes sizes;
    CUtensorMap k_map, v_map;
    ChunkArrays chunks;
    SegmentArrays segments;
    const float* initial_state_BHkv;
};
template <int dim>
cudaError_t launchSegmentScan(const SegmentScanArgs& args, cudaStream_t stream);

struct SegmentJoinArgs {
    GdnSizes sizes;
    SegmentArrays segments;
};
template <int dim>
cudaError_t launchSegmentJoin(const SegmentJoinArgs& args, bool reverse, cudaStream_t stream);

struct BackwardScanArgs {
    GdnSizes sizes;
    CUtensorMap q_map, k_map, do_map;
    ChunkArrays chunks;
    const float* dfinal_state_BHkv;
    Bf16* dv_BTHd;
    float* dinitial_state_BHkv;
    Fragment* dstates_N;           // gradient of the state leaving each chunk, as SavedArrays::states_N
    float* dstates_of_segments_N;  // gradient of the state entering each segment, as SegmentArrays::states_N
};
template <int dim>
cudaError_t launchBackwardScan(const BackwardScanArgs& args, cudaStream_t stream);
// Before the join and the scan of sequences that are cut.
template <int dim>
cudaError_t launchSegmentGradients(const BackwardScanArgs& args, cudaStream_t stream);

struct GradientArgs {
    GdnSizes sizes;
    const Bf16* q_BTHd;
    const Bf16* k_BTHd;
    const Bf16* do_BTHd;
    const Bf16* dv_BTHd;
    ChunkArrays chunks;
    SavedArrays saved;
    const Fragment* dstates_N;
    Bf16* dq_BTHd;  // of each value head
    Bf16* dk_BTHd;
    float* dg_BTH;
    float* dbeta_BTH;
};
template <int dim>
cudaError_t launchGradients(const GradientArgs& args, cudaStream_t stream);

// Sums the gradients of the value heads that share a query head: [rows, H, group, d] to [rows, H, d], for dq and dk.
struct GroupSumArgs {
    std::int64_t rows;  // B T H
    int group;
    int dim;
    const Bf16* from[2];
    Bf16* to[2];
};
cudaError_t launchGroupSum(const GroupSumArgs& args, cudaStream_t stream);

// Launches with more shared memory than the 48 KB that need no asking.
template <typename Args>
cudaError_t launch(void (*kernel)(Args), dim3 grid, int threads, int shared_bytes, cudaStream_t stream,
                   const Args& args) {
    const cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    if (error != cudaSuccess) return error;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    return cudaLaunchKernelEx(&config, kernel, args);
}

}  // namespace fm::kernels::cuda::gdn
