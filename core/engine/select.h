// Baseline selectors on the probe's measure, so that every gate run can be compared at once. method.md 8.
#pragma once

#include <string>
#include <vector>

#include "core/engine/plan_evaluator.h"
#include "core/engine/select_spec.h"
#include "core/run/job_context.h"
#include "core/run/plan.h"

namespace fm {

struct SelectInputs {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    std::vector<Batch> probe;
    Batch error_batch;  // for local-error: a batch with answers
};

struct SelectedPlan {
    std::string selector;
    Plan plan;
    std::vector<double> value_L;      // larger = keep; empty where the rule gives no value per layer
    ProbeScores scores;               // on the probe
    std::int64_t plans_measured = 0;  // plans this rule looked at
    double wall_ms = 0;
};

// Table 0 "plans": one selected plan a row, in the order found; table 1 "layers": one selector's value per layer;
// table 2 "measured": every plan measured on the way (exhaustive, greedy), with its objective.
std::vector<Table> selectTables(std::int64_t num_layers);

// All problems of the spec for a model of L layers: unknown selectors, budgets out of range, an exhaustive search
// beyond its limit (says how many plans it would need).
std::vector<Problem> validate(const SelectSpec& spec, int num_layers);

std::vector<SelectedPlan> runSelect(const SelectSpec& spec, const SelectInputs& inputs, JobContext& context);

// Number of K-subsets of L, saturating at 2^62.
std::int64_t binomial(int n, int k);

// HALO's rule on published per-layer metrics (method.md 2.2): keep large recall damage with little commonsense damage.
// s_i = (max R - R_i) / (max C - C_i + 1e-10), clipped at 50.
std::vector<double> haloScores(const std::vector<double>& recall_L, const std::vector<double>& commonsense_L);

}  // namespace fm
