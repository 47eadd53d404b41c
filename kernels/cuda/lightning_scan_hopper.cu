#include "kernels/cuda/lightning_scan_hopper.h"

#include "kernels/cuda/lightning_launch.cuh"

namespace fm::kernels::cuda::lightning {
namespace {

// Two warpgroups for 128 columns, one for 64. Two of the smallest blocks fit on a multiprocessor, else one.
using Wide = ScanShape<128, 8, 4, true>;
using Half = ScanShape<128, 4, 3, true>;
using Small = ScanShape<64, 4, 3, true>;

}  // namespace

bool isHopper() {
    cudaFuncAttributes attributes;
    if (cudaFuncGetAttributes(&attributes, scanKernel<Small, 2, false>) != cudaSuccess) return false;
    return attributes.binaryVersion == 90 && attributes.ptxVersion == 90;  // older PTX compiled at start has no wgmma
}

cudaError_t launchHopperScan(const ScanArgs& args, bool wide_blocks, cudaStream_t stream) {
    if (args.head_dim == 64) return launchDirections<Small, 2>(args, stream);
    if (wide_blocks) return launchDirections<Wide, 1>(args, stream);
    return launchShape<Half, 1, true>(args, stream);  // one kernel for both directions, since few pairs are rare
}

}  // namespace fm::kernels::cuda::lightning
