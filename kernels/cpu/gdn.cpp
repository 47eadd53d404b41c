#include "kernels/cpu/gdn.h"

#include <cassert>

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_table.h"

namespace fm::kernels {
std::int64_t gdnCheckpointFloats(const LinearShape& shape) {
    assert(isValidShape(shape));
    return shape.pairs() * checkpointPairFloats(shape.tokens, shape.dk, shape.dv);
}

void gdnForward(const GdnForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.shape, first_pair, last_pair) && areLengthsValid(args.shape, args.lengths_B));
    currentKernels().gdn_forward(args, first_pair, last_pair);
}

std::int64_t gdnBackwardWorkspaceFloats(const LinearShape& shape) {
    assert(isValidShape(shape));
    return chunkWorkspaceFloats(shape.dk, shape.dv);
}

void gdnBackward(const GdnBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.forward.shape, first_pair, last_pair));
    assert(areLengthsValid(args.forward.shape, args.forward.lengths_B));
    assert(args.forward.checkpoints != nullptr && args.workspace != nullptr);
    currentKernels().gdn_backward(args, first_pair, last_pair);
}

void gdnDecode(const GdnDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    assert(isValidRange(args.shape, first_pair, last_pair));
    currentKernels().gdn_decode(args, first_pair, last_pair);
}

}  // namespace fm::kernels
