// Recovery of a hybrid: logit distillation from the teacher, then an optional next-token phase at longer contexts
// (resources/handbook/method.md, "Recovery").
#pragma once

#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/engine/batch_fn.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/plan/plan.h"
#include "core/plan/plan_choice.h"
#include "core/run/job_context.h"

namespace fm {

struct DistillSpec {
    PlanChoice plan;
    std::string branches;
    std::string name;
    std::int64_t steps = 100;
    std::int64_t tokens_per_step = 16384;
    std::vector<int> lengths;
    std::vector<std::string> tasks;
    double text_share = 0.7;
    double answer_weight = 0;
    // resources/handbook/measurements.md has the rates that were tried: ten times these undo what good branches already
    // do.
    double lr = 1e-5;
    double branch_lr = 2e-4;
    double lr_floor = 0.1;
    std::int64_t warm_up = 10;
    double weight_decay = 0;
    double clip = 1;
    std::string trains = "all";
    std::int64_t tune_steps = 0;
    std::vector<int> tune_lengths;
    double tune_lr = 1e-5;
    std::int64_t checkpoint_every = 50;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        visit(s.name,
              FieldInfo{
                  .name = "name", .unit = "", .help = "name of the hybrid in the study; none: made from plan and run"});
        visit(s.steps, FieldInfo{"steps", "steps", "optimiser steps of logit distillation", 0, 1e8});
        visit(s.tokens_per_step, FieldInfo{"tokens_per_step", "tokens", "tokens in one step", 16, 1e8});
        visit(s.lengths, FieldInfo{"lengths", "tokens",
                                   "sequence lengths of the distillation phase; none: what the teacher was trained on",
                                   16, 1048576});
        visit(s.tasks,
              FieldInfo{.name = "tasks",
                        .unit = "",
                        .help = "retrieval tasks in the data, in equal shares; none: what the teacher was trained on"});
        visit(s.text_share, FieldInfo{"text_share", "1", "share of plain-text sequences", 0, 1});
        visit(
            s.answer_weight,
            FieldInfo{"answer_weight", "1",
                      "share of the loss that answer rows get in batches that have them; 0: every row counts the same",
                      0, 1});
        visit(s.lr, FieldInfo{"lr", "", "peak learning rate of the teacher's own weights", 0, 1});
        visit(s.branch_lr, FieldInfo{"branch_lr", "", "peak learning rate of the linear branches", 0, 1});
        visit(s.lr_floor, FieldInfo{"lr_floor", "1", "cosine end, as a share of the peak", 0, 1});
        visit(s.warm_up, FieldInfo{"warm_up", "steps", "linear warm-up", 0, 1e6});
        visit(s.weight_decay, FieldInfo{"weight_decay", "", "AdamW decay of the matrices", 0, 1});
        visit(s.clip, FieldInfo{"clip", "", "largest norm of the whole gradient", 1e-6, 1e6});
        visit(s.trains, FieldInfo{.name = "trains",
                                  .unit = "",
                                  .help = "all: every weight of the hybrid; branches: the linear branches in use only",
                                  .choices = {"all", "branches"}});
        visit(s.tune_steps,
              FieldInfo{"tune_steps", "steps", "steps of plain next-token training after distillation", 0, 1e8});
        visit(s.tune_lengths, FieldInfo{"tune_lengths", "tokens",
                                        "sequence lengths of the next-token phase; none: as above", 16, 1048576});
        visit(s.tune_lr, FieldInfo{"tune_lr", "", "constant learning rate of the next-token phase", 0, 1});
        visit(s.checkpoint_every,
              FieldInfo{"checkpoint_every", "steps", "save the state for resume every so many steps", 1, 1e8});
        visit(s.seed, FieldInfo{"seed", "", "seed of the data", 0, 9.0e15});
    }
};

struct DistillInputs {
    const DecoderWeights* teacher = nullptr;  // compute dtype
    const BranchSet* branches = nullptr;
    Plan plan;
    BatchFn distill;              // batches of the distillation phase
    BatchFn tune;                 // batches of the next-token phase; needed when tune_steps > 0
    std::string checkpoint_path;  // "" = none
};

// A hybrid with weights of its own. Fresh from runDistill what trained is in fp32, whatever the teacher's precision:
// updates far below bf16's spacing would be lost to whoever goes on training it. readHybrid gives working copies.
struct RecoveredHybrid {
    DecoderWeights weights;
    BranchSet branches;
    Plan plan;
};

std::vector<Table> distillTables();  // table 0 "steps"

// What trains, with counts, for the log: {"attention of full layers", 1234}, ...
struct TrainedGroup {
    std::string name;
    std::int64_t parameters = 0;
};
std::vector<TrainedGroup> trainedGroups(const DistillSpec& spec, const DistillInputs& inputs);

// Trains working copies in the teacher's dtype and returns their fp32 masters; what did not train are the tensors of
// the inputs. Throws Cancelled after saving its state.
RecoveredHybrid runDistill(const DistillSpec& spec, const DistillInputs& inputs, JobContext& context);

}  // namespace fm
