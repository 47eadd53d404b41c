// One kind of recurrence as a value: its implementations and what checks and timings need to know of it.
#pragma once

#include <ATen/core/Generator.h>

#include "core/ops/recurrence.h"

namespace fm {

// One implementation. Inputs are contiguous and in compute precision; no graph is wanted. `saved` and `final_state` may
// be null; the latter is allocated by the caller. decode overwrites `state_BHkv`, which is contiguous, in place.
struct RecurrenceKernels {
    at::Tensor (*forward)(const RecurrenceInputs&, at::Tensor* saved, at::Tensor* final_state);
    RecurrenceGradients (*backward)(const RecurrenceInputs&, const at::Tensor& saved, const at::Tensor& do_BTHv);
    at::Tensor (*decode)(const RecurrenceInputs&, at::Tensor& state_BHkv);
};

struct RecurrenceKind {
    const char* name;  // "gdn"
    std::vector<std::string> trained_controls;
    void (*check_controls)(const RecurrenceInputs&);  // asserts their number and shapes
    // Float64 controls for the shape of k. `mean_gate`: a decay is the sigmoid of a normal number around it.
    std::vector<at::Tensor> (*random_controls)(const at::Tensor& k_BTHk, double mean_gate, at::Generator&);
    RecurrenceKernels cpu;        // fp32 with heads of up to kMaxHeadDim on the CPU; empty if there are none
    RecurrenceKernels chunked;    // any device, fp32 and float64
    RecurrenceKernels reference;  // float64 on the CPU, token by token: what is right. It has no decode
};

}  // namespace fm
