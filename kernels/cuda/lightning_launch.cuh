// Launches a scan of a given shape.
#pragma once

#include "kernels/cuda/lightning_scan_kernel.cuh"

namespace fm::kernels::cuda::lightning {

template <class Shape, int kMinBlocks, bool kBoth>
cudaError_t launchShape(const ScanArgs& args, cudaStream_t stream) {
    const auto kernel = scanKernel<Shape, kMinBlocks, kBoth>;
    const cudaError_t status =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Shape::kSharedBytes);
    if (status != cudaSuccess) return status;
    const std::int64_t blocks = args.batch * args.heads * args.role_count * Shape::kSplits;
    if (blocks > 0) kernel<<<static_cast<unsigned>(blocks), Shape::kThreads, Shape::kSharedBytes, stream>>>(args);
    return cudaGetLastError();
}

inline bool hasReverseRole(const ScanArgs& args) {
    bool reverse = false;
    for (int i = 0; i < args.role_count; ++i) reverse = reverse || args.roles[i].reverse;
    return reverse;
}

// Scans without a role against time get a kernel without that half.
template <class Shape, int kMinBlocks>
cudaError_t launchDirections(const ScanArgs& args, cudaStream_t stream) {
    return hasReverseRole(args) ? launchShape<Shape, kMinBlocks, true>(args, stream)
                                : launchShape<Shape, kMinBlocks, false>(args, stream);
}

}  // namespace fm::kernels::cuda::lightning
