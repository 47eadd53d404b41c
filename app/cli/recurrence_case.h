// Random inputs for the recurrences, as a trained branch would produce them.
#pragma once

#include <cstdint>

#include "core/model/gdn_op.h"
#include "core/model/lightning_op.h"

namespace fm::cli {

struct CaseShape {
    std::int64_t tokens = 0;
    std::int64_t heads = 0;
    std::int64_t dim = 0;
};

// B = 1; q, k l2-normalised, decays mostly near 1, write strengths in (0, 1); scale = dim^-1/2. fp32 on the CPU.
GdnInputs gdnCase(const CaseShape& shape, std::uint64_t seed);
LightningInputs lightningCase(const CaseShape& shape, std::uint64_t seed);

// Gradient of some loss with respect to the output, [1, T, H, dim].
at::Tensor outputGradient_BTHv(const CaseShape& shape, std::uint64_t seed);

}  // namespace fm::cli
