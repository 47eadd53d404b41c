// dq and dk of a query head are the sums over the value heads that read it, in the order of the value heads.
#include "kernels/cuda/gdn_kernels.h"

namespace fm::kernels::cuda::gdn {
namespace {

constexpr int kThreads = 256;

// Grid: units of 8 elements, gradients.
__global__ void __launch_bounds__(kThreads) sumGroups(const GroupSumArgs args) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
    const int units = args.dim / 8;
    if (i >= args.rows * units) return;
    const std::int64_t row = i / units;
    const int unit = static_cast<int>(i % units);
    const Bf16* from = blockIdx.y == 0 ? args.from[0] : args.from[1];
    Bf16* to = blockIdx.y == 0 ? args.to[0] : args.to[1];
    float sums[8] = {};
    for (int member = 0; member < args.group; ++member) {
        const std::int64_t element = (row * args.group + member) * args.dim + unit * 8;
        const uint4 u = *reinterpret_cast<const uint4*>(from + element);
        const std::uint32_t pairs[4] = {u.x, u.y, u.z, u.w};
        for (int p = 0; p < 4; ++p) {
            const float2 pair = unpackBf16(pairs[p]);
            sums[2 * p] += pair.x;
            sums[2 * p + 1] += pair.y;
        }
    }
    *reinterpret_cast<uint4*>(to + row * args.dim + unit * 8) = {
        packBf16(sums[0], sums[1]), packBf16(sums[2], sums[3]), packBf16(sums[4], sums[5]), packBf16(sums[6], sums[7])};
}

}  // namespace

cudaError_t launchGroupSum(const GroupSumArgs& args, cudaStream_t stream) {
    const std::int64_t blocks = (args.rows * (args.dim / 8) + kThreads - 1) / kThreads;
    return launch(sumGroups, dim3(static_cast<unsigned>(blocks), 2), kThreads, 0, stream, args);
}

}  // namespace fm::kernels::cuda::gdn
