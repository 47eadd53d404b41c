// Discrete refinement of a plan: exchange one kept layer for one that is not, as long as two probes agree. Seconds of
// work that repair any reasonable start, but that overfit one probe.
#pragma once

#include <functional>
#include <vector>

#include "core/engine/plan_evaluator.h"
#include "core/plan/plan.h"

namespace fm {

struct SwapOptions {
    double text_kl_weight = 0.15;
    int window_out = 4;  // the last kept layers of the ranking may leave
    int window_in = 8;   // the first layers left out may enter
    int max_rounds = 4;
    int max_tries = 6;  // swaps of one round that the second probe is asked about
    // Entries of probes that are done, of those of this round.
    std::function<void(std::int64_t done, std::int64_t total)> on_progress = {};
};

struct Swap {
    int out = 0, in = 0;
    double gain = 0;       // in planObjective() on the selection probe
    Estimate second_gain;  // on the second probe, paired by sequence
};

struct SwapResult {
    Plan plan;
    std::vector<Swap> swaps;    // accepted, in order
    std::vector<Swap> refused;  // asked about and refused
};

// `order` ranks the layers, best first. A round looks at all swaps of the windows on the selection probe and asks the
// second probe about those that gain, best first; the first whose paired gain excludes zero is made. A round without
// one ends the search. Pinned layers stay. Both probes have then chosen: neither measures the plan any more.
SwapResult swapRefine(PlanEvaluator& selection, PlanEvaluator& second, const Plan& start, const std::vector<int>& order,
                      const SwapOptions& options = {});

}  // namespace fm
