// One random problem for the recurrences, run by the fp32 kernels and by their float64 references. Used by the check
// that `flashmorph bench kernels --check` prints and by the tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cpu/gdn.h"

namespace fm::kernels {

// Inputs of one problem; vectors are laid out as gdn.h says. Empty lengths_B = all tokens count; empty states = none.
struct KernelProblem {
    LinearShape shape;
    std::vector<std::int32_t> lengths_B;
    std::vector<float> q_BTHk, k_BTHk, v_BTHv, g_BTH, beta_BTH, log_decay_H;
    std::vector<float> initial_state_BHkv, do_BTHv, dfinal_state_BHkv;
};

struct ProblemOptions {
    bool with_states = true;  // initial state and gradient of the final state
    float mean_gate = 3;      // g = log sigmoid(normal + mean_gate); 3 keeps about 20 tokens alive, -3 about one
    std::uint64_t seed = 1;
};

// q and k of unit length, the rest normal; scale = dk^-1/2. Deterministic in its arguments.
KernelProblem makeKernelProblem(std::int64_t batch, std::int64_t tokens, std::int64_t heads, std::int64_t dk,
                                std::int64_t dv, const ProblemOptions& options);

// Every output of forward and backward, filled with NaN before the kernel writes it.
template <typename Number>
struct KernelOutputs {
    std::vector<Number> o, final_state, dq, dk, dv, dg, dbeta, dinitial_state;
};

KernelOutputs<float> runGdn(const KernelProblem& problem);  // on the current path
KernelOutputs<double> runGdnRef(const KernelProblem& problem);
KernelOutputs<float> runLightning(const KernelProblem& problem);  // dg, dbeta stay empty
KernelOutputs<double> runLightningRef(const KernelProblem& problem);

// The same by one decode call per token from the initial state; only o and final_state. Needs empty lengths_B.
KernelOutputs<float> runGdnDecode(const KernelProblem& problem);
KernelOutputs<float> runLightningDecode(const KernelProblem& problem);

struct OutputError {
    std::string output;       // "o", "dq", ...
    double relative_l2 = 0;   // |x - ref| / |ref|
    double relative_max = 0;  // max |x - ref| / max |ref|
    double absolute_max = 0;  // max |x - ref|
};

// One row for every output that is not empty in `computed`. NaN anywhere gives NaN errors; sizes must agree.
std::vector<OutputError> compareOutputs(const KernelOutputs<float>& computed, const KernelOutputs<double>& reference);

}  // namespace fm::kernels
