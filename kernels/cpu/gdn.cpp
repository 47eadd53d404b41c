#include "kernels/cpu/gdn.h"

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_assert.h"
#include "kernels/cpu/kernel_table.h"

namespace fm::kernels {
std::int64_t gdnCheckpointFloats(const LinearShape& shape) {
    FM_KERNEL_ASSERT(isValidShape(shape), "the shape is valid");
    return shape.pairs() * checkpointPairFloats(shape.tokens, shape.dk, shape.dv);
}

void gdnForward(const GdnForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.shape, first_pair, last_pair) && areLengthsValid(args.shape, args.lengths_B),
                     "the range of pairs and the lengths fit the shape");
    currentKernels().gdn_forward(args, first_pair, last_pair);
}

std::int64_t gdnBackwardWorkspaceFloats(const LinearShape& shape) {
    FM_KERNEL_ASSERT(isValidShape(shape), "the shape is valid");
    return chunkWorkspaceFloats(shape.dk, shape.dv);
}

void gdnBackward(const GdnBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.forward.shape, first_pair, last_pair), "the range of pairs fits the shape");
    FM_KERNEL_ASSERT(areLengthsValid(args.forward.shape, args.forward.lengths_B), "the lengths fit the shape");
    FM_KERNEL_ASSERT(args.forward.checkpoints != nullptr || gdnCheckpointFloats(args.forward.shape) == 0,
                     "checkpoints are there, unless the shape needs none");
    FM_KERNEL_ASSERT(args.workspace != nullptr, "the workspace is there");
    currentKernels().gdn_backward(args, first_pair, last_pair);
}

void gdnDecode(const GdnDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    FM_KERNEL_ASSERT(isValidRange(args.shape, first_pair, last_pair), "the range of pairs fits the shape");
    currentKernels().gdn_decode(args, first_pair, last_pair);
}

}  // namespace fm::kernels
