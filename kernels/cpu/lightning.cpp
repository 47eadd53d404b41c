#include "kernels/cpu/lightning.h"

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_assert.h"
#include "kernels/cpu/kernel_table.h"

namespace fm::kernels {

void lightningForward(const LightningForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.shape, first_pair, last_pair) && areLengthsValid(args.shape, args.lengths_B),
                     "the range of pairs and the lengths fit the shape");
    currentKernels().lightning_forward(args, first_pair, last_pair);
}

std::int64_t lightningBackwardWorkspaceFloats(const LinearShape& shape) {
    FM_KERNEL_ASSERT(isValidShape(shape), "the shape is valid");
    return chunkWorkspaceFloats(shape.dk, shape.dv);
}

void lightningBackward(const LightningBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.forward.shape, first_pair, last_pair), "the range of pairs fits the shape");
    FM_KERNEL_ASSERT(areLengthsValid(args.forward.shape, args.forward.lengths_B) && args.workspace != nullptr,
                     "the lengths fit the shape and the workspace is there");
    currentKernels().lightning_backward(args, first_pair, last_pair);
}

void lightningDecode(const LightningDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.shape, first_pair, last_pair), "the range of pairs fits the shape");
    currentKernels().lightning_decode(args, first_pair, last_pair);
}

}  // namespace fm::kernels
