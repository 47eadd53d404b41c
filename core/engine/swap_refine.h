// Discrete refinement of a plan: exchange one kept layer for one that is not, as long as two probes agree.
// method.md 9.6, prototype.md 5 and 10: seconds of work that repair any reasonable start, but that overfit one probe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/engine/plan_evaluator.h"
#include "core/run/plan.h"

namespace fm {

// What a plan is judged by: answer KL + weight * text KL, nat, smaller is better.
double planObjective(const ProbeScores& scores, double text_kl_weight);

struct SwapOptions {
    double text_kl_weight = 0.15;
    int window_out = 4;  // the last kept layers of the ranking may leave
    int window_in = 8;   // the first layers left out may enter
    int max_rounds = 4;
};

struct Swap {
    int out = 0, in = 0;
    double gain = 0;         // on the selection probe
    double second_gain = 0;  // on the second probe
};

struct SwapResult {
    Plan plan;
    std::vector<Swap> swaps;                     // accepted, in order
    double before = 0, after = 0;                // objective on the selection probe
    double second_before = 0, second_after = 0;  // objective on the second probe
};

// `order` ranks the layers, best first. A swap is accepted when it is the best on the selection probe and its gain on
// the second probe exceeds one standard error of the paired per-sequence differences. Pinned layers stay.
SwapResult swapRefine(PlanEvaluator& selection, PlanEvaluator& second, const Plan& start, const std::vector<int>& order,
                      const SwapOptions& options = {});

}  // namespace fm
