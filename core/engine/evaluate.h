// Generation-based retrieval as RULER measures it: a depth x length grid per task, one question of every sequence
// answered greedily in the model's own words, with the caches the hybrid would use, and scored by containment
// (resources/handbook/evaluation.md, "RULER" and "Grid of an evaluation").
//
// The needle that is asked for stands at the depth of its cell: a sequence of several questions is scored on the one
// whose needle was placed there, and which one that is changes from sequence to sequence. The grid is therefore even,
// and every sequence is one independent value. Of several values or keys in one question the first drawn is placed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/data/tasks.h"
#include "core/model/hybrid_model.h"
#include "core/plan/intervals.h"
#include "core/plan/plan_choice.h"
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
    bool with_teacher = true;

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
        visit(s.samples,
              FieldInfo{"samples", "sequences", "sequences in one cell of the grid, one question each", 1, 1e6});
        visit(s.new_tokens,
              FieldInfo{"new_tokens", "tokens",
                        "tokens to generate; 0: what the task needs: needles 128 as RULER, simple_passkey 16, to the "
                        "end of the line 16 more than the answer has for passkeys and 8 more for tasks of words",
                        0, 4096});
        visit(s.seed, FieldInfo{"seed", "", "seed of the samples (held-out side)", 0, 9.0e15});
        visit(s.with_teacher,
              FieldInfo{
                  .name = "with_teacher", .unit = "", .help = "ask the teacher the same questions (twice the time)"});
    }
};

struct EvaluateInputs {
    HybridModel model;
    TaskResources resources;
    const DecoderWeights* teacher = nullptr;  // asked the same questions; null: not asked
};

// Of one cell, of a task, of all tasks. `recalls` has one stratum for each cell of the grid.
struct EvaluateScore {
    Strata recalls;          // of every sequence: share of the references that its answer contains
    Estimate recall;         // mean over the sequences of a cell, then over cells, so that no task outweighs another
    double exact_match = 0;  // share of answers that begin with the expected tokens: the same values in the same form
    std::optional<double> teacher_recall;  // of the teacher's own answers
};
struct EvaluateCell {
    std::string task;
    std::int32_t tokens = 0;
    double depth = 0;
    EvaluateScore score;
};
struct EvaluateTask {
    std::string task;
    EvaluateScore score;
};
struct EvaluateResult {
    std::vector<EvaluateCell> cells;
    std::vector<EvaluateTask> tasks;
    EvaluateScore all;
};

// Table 0 "cells"; table 1 "samples", a row for every question; table 2 "scores", when the grid is complete: a row for
// each task, and last one for "all". The teacher's columns only where it is asked.
std::vector<Table> evaluateTables(bool with_teacher);

// Lengths and answers beyond the model's context are refused before anything runs (InputError).
EvaluateResult runEvaluate(const EvaluateSpec& spec, const EvaluateInputs& inputs, JobContext& context);

}  // namespace fm
