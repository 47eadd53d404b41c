#include "kernels/cpu/lightning.h"

#include <cassert>

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_table.h"

namespace fm::kernels {

void lightningForward(const LightningForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.shape, first_pair, last_pair) && areLengthsValid(args.shape, args.lengths_B));
    currentKernels().lightning_forward(args, first_pair, last_pair);
}

std::int64_t lightningBackwardWorkspaceFloats(const LinearShape& shape) {
    assert(isValidShape(shape));
    return chunkWorkspaceFloats(shape.dk, shape.dv);
}

void lightningBackward(const LightningBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.forward.shape, first_pair, last_pair));
    assert(areLengthsValid(args.forward.shape, args.forward.lengths_B) && args.workspace != nullptr);
    currentKernels().lightning_backward(args, first_pair, last_pair);
}

void lightningDecode(const LightningDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.shape, first_pair, last_pair));
    currentKernels().lightning_decode(args, first_pair, last_pair);
}

}  // namespace fm::kernels
