// Generation-based retrieval: a depth x length grid per task, every sample stored with its seed, expected and given
// answer. evaluation.md 1, 2, 5. Greedy decoding with the caches the hybrid would use.
#pragma once

#include <string>
#include <vector>

#include "core/data/tasks.h"
#include "core/engine/plan_choice.h"
#include "core/model/hybrid_model.h"
#include "core/run/field_list.h"
#include "core/run/job_context.h"

namespace fm {

struct EvaluateSpec {
    PlanChoice plan;
    std::string hybrid;
    std::string branches;
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::int64_t depths = 5;
    std::int64_t samples = 8;
    std::int64_t new_tokens = 0;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        visit(s.hybrid,
              FieldInfo{.name = "hybrid", .unit = "", .help = "recovered hybrid of the study, instead of a plan"});
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        visit(s.tasks,
              FieldInfo{.name = "tasks", .unit = "", .help = "retrieval tasks; none: what the teacher was trained on"});
        visit(s.lengths,
              FieldInfo{"lengths", "tokens",
                        "context lengths, one column of the grid each; none: what the teacher was trained on", 16,
                        1048576});
        visit(s.depths,
              FieldInfo{"depths", "", "depths at which the asked needle stands, evenly spaced from 0 to 1", 1, 101});
        visit(s.samples, FieldInfo{"samples", "samples", "samples in one cell of the grid", 1, 1e6});
        visit(s.new_tokens, FieldInfo{"new_tokens", "tokens",
                                      "tokens to generate; 0: as many as the answer has (RULER uses 128)", 0, 4096});
        visit(s.seed, FieldInfo{"seed", "", "seed of the samples (held-out side)", 0, 9.0e15});
    }
};

struct EvaluateInputs {
    HybridModel model;
    TaskResources resources;
};

struct EvaluateCell {
    std::string task;
    std::int32_t tokens = 0;
    double depth = 0;
    std::int64_t samples = 0;
    double recall = 0;       // mean share of expected values contained in the answer (string_match_all)
    double exact_match = 0;  // generated tokens begin with the expected ones
};
struct EvaluateResult {
    std::vector<EvaluateCell> cells;
    double recall = 0, exact_match = 0;  // over all samples
    double half_width = 0;               // 95 %, of recall
    std::int64_t samples = 0;
};

std::vector<Table> evaluateTables();  // table 0 "cells", table 1 "samples"

// Lengths and answers beyond the model's context are refused before anything runs (InputError).
EvaluateResult runEvaluate(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context);

}  // namespace fm
