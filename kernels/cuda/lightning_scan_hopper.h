// The scans whose products are Hopper's wgmma.
#pragma once

#include "kernels/cuda/lightning_scan.h"

namespace fm::kernels::cuda::lightning {

// Whether this device runs code that was compiled for sm_90a.
bool isHopper();
cudaError_t launchHopperScan(const ScanArgs& args, bool wide_blocks, cudaStream_t stream);

}  // namespace fm::kernels::cuda::lightning
