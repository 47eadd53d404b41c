// The one table of problems on which every implementation of every recurrence is checked, on every device.
#pragma once

#include <string>
#include <vector>

#include "core/ops/recurrence_kind.h"

namespace fm {

// float64 on the CPU. q, k, v and do are exact in bf16 and all else in fp32, so that no implementation's error holds
// the rounding of its inputs.
struct OperatorProblem {
    std::string shape;  // "B2 T65 H3 k64 v64 ragged"
    RecurrenceInputs inputs;
    at::Tensor do_BTHv;
    bool correlated_keys = false;  // cosines near 0.9: the delta rule's system is nearly singular
};

std::vector<OperatorProblem> operatorProblems(const RecurrenceKind& kind);

// One problem of a given size without padding, for timings.
OperatorProblem randomProblem(const RecurrenceKind& kind, std::int64_t batch, std::int64_t tokens, std::int64_t heads,
                              std::int64_t dim);

}  // namespace fm
