#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/decode.h"
#include "kernels/cpu/simd/gdn_backward.h"
#include "kernels/cpu/simd/gdn_forward.h"
#include "kernels/cpu/simd/lightning_pass.h"

namespace fm::kernels {

const KernelTable kAvx512Kernels = {gdnForwardRange,       gdnBackwardRange,       gdnDecodeRange,
                                    lightningForwardRange, lightningBackwardRange, lightningDecodeRange};

}  // namespace fm::kernels
