// Chooses how finely the value columns of a pair are cut and launches the scan.
#include "kernels/cuda/lightning_launch.cuh"
#include "kernels/cuda/lightning_scan_hopper.h"

namespace fm::kernels::cuda::lightning {

// A block of 64 columns takes as long as one of 128, so that cutting pays where it still leaves each of the 132
// multiprocessors of an H200 at most one block.
bool chooseWideBlocks(const ScanArgs& args, int role_count) {
    return args.head_dim == 128 && args.batch * args.heads * role_count > 66 && isHopper();
}

cudaError_t launchScan(const ScanArgs& args, bool wide_blocks, cudaStream_t stream) {
    if (isHopper()) return launchHopperScan(args, wide_blocks, stream);
    if (args.head_dim == 128) return launchDirections<ScanShape<128, 4, 2, false>, 2>(args, stream);
    return launchDirections<ScanShape<64, 4, 2, false>, 2>(args, stream);
}

}  // namespace fm::kernels::cuda::lightning
