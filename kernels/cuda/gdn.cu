// The C interface: checks arguments, cuts the workspaces and launches the kernels in order.
#include "kernels/cuda/gdn.h"

#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_tensor_map.h"
#include "kernels/cuda/gdn_workspace.h"

namespace fm::kernels::cuda::gdn {
namespace {

bool isBuilt(const FmGdnShape& shape) {
    return shape.batch > 0 && shape.batch < 65536 && shape.tokens > 0 && shape.heads > 0 && shape.value_heads > 0 &&
           shape.value_heads < 65536 && shape.value_heads % shape.heads == 0 &&
           (shape.head_dim == 64 || shape.head_dim == 128);
}

bool hasInputs(const FmGdnForward& args) {
    return args.q_BTHd != nullptr && args.k_BTHd != nullptr && args.v_BTHd != nullptr && args.g_BTH != nullptr &&
           args.beta_BTH != nullptr;
}

bool isComplete(const FmGdnBackward& args) {
    return isBuilt(args.forward.shape) && hasInputs(args.forward) && args.forward.saved != nullptr &&
           args.do_BTHd != nullptr && args.dq_BTHd != nullptr && args.dk_BTHd != nullptr && args.dv_BTHd != nullptr &&
           args.dg_BTH != nullptr && args.dbeta_BTH != nullptr && args.workspace != nullptr;
}

const Bf16* bf16(const void* tensor) { return static_cast<const Bf16*>(tensor); }
Bf16* bf16(void* tensor) { return static_cast<Bf16*>(tensor); }

// Maps of q, k and of a tensor of value heads.
cudaError_t describeInputs(const FmGdnForward& args, const void* values_BTHd, CUtensorMap (&maps)[3]) {
    const FmGdnShape& s = args.shape;
    cudaError_t error = describeTensor(args.q_BTHd, s.batch, s.tokens, s.heads, s.head_dim, maps[0]);
    if (error != cudaSuccess) return error;
    error = describeTensor(args.k_BTHd, s.batch, s.tokens, s.heads, s.head_dim, maps[1]);
    if (error != cudaSuccess) return error;
    return describeTensor(values_BTHd, s.batch, s.tokens, s.value_heads, s.head_dim, maps[2]);
}

// The states that enter the segments of sequences that are cut.
template <int dim>
cudaError_t scanSegments(const ForwardScanArgs& scan, cudaStream_t stream) {
    if (scan.sizes.segments == 1) return cudaSuccess;
    const cudaError_t error = launchSegmentScan<dim>(
        {scan.sizes, scan.k_map, scan.v_map, scan.chunks, scan.segments, scan.initial_state_BHkv}, stream);
    return error != cudaSuccess ? error : launchSegmentJoin<dim>({scan.sizes, scan.segments}, false, stream);
}

template <int dim>
cudaError_t forward(const FmGdnForward& args) {
    Carver carver(args.saved != nullptr ? args.saved : args.workspace);
    const ForwardArrays arrays = carveForward(args.shape, carver);
    ForwardScanArgs scan = {};
    scan.sizes = sizesOf(args.shape, args.lengths_B);
    scan.chunks = arrays.chunks;
    scan.segments = arrays.segments;
    scan.initial_state_BHkv = args.initial_state_BHkv;
    scan.o_BTHd = bf16(args.o_BTHd);
    scan.final_state_BHkv = args.final_state_BHkv;
    if (args.saved != nullptr) scan.saved = carveSaved(args.shape, carver);
    CUtensorMap maps[3];
    cudaError_t error = describeInputs(args, args.v_BTHd, maps);
    if (error != cudaSuccess) return error;
    scan.q_map = maps[0];
    scan.k_map = maps[1];
    scan.v_map = maps[2];
    error = launchPrepare<dim>({scan.sizes, bf16(args.k_BTHd), args.g_BTH, args.beta_BTH, scan.chunks}, args.stream);
    if (error != cudaSuccess) return error;
    error = scanSegments<dim>(scan, args.stream);
    return error != cudaSuccess ? error : launchForwardScan<dim>(scan, args.stream);
}

template <int dim>
cudaError_t scanBackward(const FmGdnBackward& args, const GdnSizes& sizes, const ForwardArrays& forward,
                         const BackwardArrays& arrays) {
    BackwardScanArgs scan = {};
    scan.sizes = sizes;
    scan.chunks = forward.chunks;
    scan.dfinal_state_BHkv = args.dfinal_state_BHkv;
    scan.dv_BTHd = bf16(args.dv_BTHd);
    scan.dinitial_state_BHkv = args.dinitial_state_BHkv;
    scan.dstates_N = arrays.dstates_N;
    scan.dstates_of_segments_N = arrays.dstates_of_segments_N;
    CUtensorMap maps[3];
    cudaError_t error = describeInputs(args.forward, args.do_BTHd, maps);
    if (error != cudaSuccess) return error;
    scan.q_map = maps[0];
    scan.k_map = maps[1];
    scan.do_map = maps[2];
    const cudaStream_t stream = args.forward.stream;
    if (sizes.segments > 1) {
        error = launchSegmentGradients<dim>(scan, stream);
        if (error != cudaSuccess) return error;
        SegmentArrays segments = forward.segments;
        segments.states_N = arrays.dstates_of_segments_N;
        error = launchSegmentJoin<dim>({sizes, segments}, true, stream);
        if (error != cudaSuccess) return error;
    }
    return launchBackwardScan<dim>(scan, stream);
}

template <int dim>
cudaError_t backward(const FmGdnBackward& args) {
    const FmGdnShape& shape = args.forward.shape;
    const cudaStream_t stream = args.forward.stream;
    Carver saved_carver(args.forward.saved);
    Carver carver(args.workspace);
    const BackwardArrays arrays = carveBackward(shape, carver);
    GradientArgs gradients = {};
    gradients.sizes = sizesOf(shape, args.forward.lengths_B);
    gradients.q_BTHd = bf16(args.forward.q_BTHd);
    gradients.k_BTHd = bf16(args.forward.k_BTHd);
    gradients.do_BTHd = bf16(args.do_BTHd);
    gradients.dv_BTHd = bf16(args.dv_BTHd);
    const ForwardArrays forward = carveForward(shape, saved_carver);
    gradients.chunks = forward.chunks;
    gradients.saved = carveSaved(shape, saved_carver);
    gradients.dstates_N = arrays.dstates_N;
    const bool grouped = arrays.dq_BTHd != nullptr;
    Bf16* dq = bf16(args.dq_BTHd);
    Bf16* dk = bf16(args.dk_BTHd);
    gradients.dq_BTHd = grouped ? arrays.dq_BTHd : dq;
    gradients.dk_BTHd = grouped ? arrays.dk_BTHd : dk;
    gradients.dg_BTH = args.dg_BTH;
    gradients.dbeta_BTH = args.dbeta_BTH;
    cudaError_t error = scanBackward<dim>(args, gradients.sizes, forward, arrays);
    if (error != cudaSuccess) return error;
    error = launchGradients<dim>(gradients, stream);
    if (error != cudaSuccess || !grouped) return error;
    const std::int64_t rows = static_cast<std::int64_t>(shape.batch) * shape.tokens * shape.heads;
    return launchGroupSum({rows, shape.value_heads / shape.heads, dim, {arrays.dq_BTHd, arrays.dk_BTHd}, {dq, dk}},
                          stream);
}

}  // namespace
}  // namespace fm::kernels::cuda::gdn

using namespace fm::kernels::cuda::gdn;

std::size_t fm_gdn_forward_workspace_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveForward(*shape, carver);
    return carver.used();
}

std::size_t fm_gdn_saved_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveForward(*shape, carver);
    carveSaved(*shape, carver);
    return carver.used();
}

std::size_t fm_gdn_backward_workspace_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveBackward(*shape, carver);
    return carver.used();
}

cudaError_t fm_gdn_forward(const FmGdnForward* args) {
    if (!isBuilt(args->shape) || !hasInputs(*args) || args->o_BTHd == nullptr ||
        (args->saved == nullptr && args->workspace == nullptr)) {
        return cudaErrorInvalidValue;
    }
    return args->shape.head_dim == 64 ? forward<64>(*args) : forward<128>(*args);
}

cudaError_t fm_gdn_backward(const FmGdnBackward* args) {
    if (!isComplete(*args)) return cudaErrorInvalidValue;
    return args->forward.shape.head_dim == 64 ? backward<64>(*args) : backward<128>(*args);
}
