// Baseline selectors, so that every gate run can be compared at once. Choosing and judging are two things: a rule sees
// one probe, its plan is reported on another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/engine/select_spec.h"
#include "core/engine/selectors/chooser.h"
#include "core/engine/selectors/select_tables.h"
#include "core/plan/plan.h"
#include "core/run/job_context.h"

namespace fm {

struct SelectedPlan {
    std::string selector;
    std::int64_t seed_index = 0;
    Plan plan;
    std::vector<double> value_L;      // larger = keep; empty where the rule gives no value per layer
    double chosen_objective = 0;      // on the probe that chose it: too good by construction, never a measurement
    ProbeScores scores;               // on the measuring probe
    std::int64_t plans_measured = 0;  // plans this rule looked at
    double wall_ms = 0;
};

// How one rule's choices at one budget agree over the seeds.
struct Inclusion {
    std::string selector;
    int budget = 0;
    std::vector<double> frequency_L;  // share of the seeds that keep the layer
    Estimate objective;               // of the chosen plans on the measuring probe, over seeds
    double mean_rank = 0;             // of the objective among the rules of this budget, 1 best, over seeds
};

struct SelectResult {
    std::vector<SelectedPlan> plans;
    std::vector<Inclusion> inclusion;
};

// All problems of the spec for a model of L layers: unknown selectors, budgets out of range, an exhaustive search
// beyond its limit (says how many plans it would need).
std::vector<Problem> validate(const SelectSpec& spec, int num_layers);

SelectResult runSelect(const SelectSpec& spec, const SelectInputs& inputs, JobContext& context);

// Number of K-subsets of L, saturating at 2^62.
std::int64_t binomial(int n, int k);

}  // namespace fm
