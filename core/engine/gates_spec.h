// Everything that defines a gate run. Reasons for the defaults: resources/handbook/method.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"

namespace fm {

struct GatesSpec {
    std::string branches;
    std::string mode = "default";
    std::string full_source = "mixed";
    std::string objective = "kl";
    double scale_free_weight = 0;
    double text_kl_weight = 0.15;
    std::string budget_rule = "dual";
    int budget = 4;
    double lambda = 0;
    double dual_rate = 0.06;
    std::int64_t steps = 160;
    std::int64_t tokens_per_step = 8192;
    std::int64_t micro_batches = 1;
    std::string row_average = "sequences";
    std::vector<int> lengths;
    std::vector<std::string> tasks;
    double text_share = 0.15;
    double lr = 2e-2;
    double lr_floor = 2e-3;
    bool propagate = true;
    bool swap_refine = true;
    std::int64_t probe_every = 0;
    std::int64_t probe_sequences = 0;
    std::vector<std::string> pins;
    std::int64_t checkpoint_every = 20;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        visit(s.mode, FieldInfo{.name = "mode",
                                .unit = "",
                                .help = "paper: the published settings; default: what measured best",
                                .choices = {"default", "paper"}});
        visit(
            s.full_source,
            FieldInfo{.name = "full_source",
                      .unit = "",
                      .help = "what the softmax term of the mix reads: the mixed stream (as deployed) or the teacher's",
                      .choices = {"mixed", "teacher"}});
        visit(
            s.objective,
            FieldInfo{
                .name = "objective",
                .unit = "",
                .help = "what is aligned at the answers: hidden states (raw or scale-free) or next-token distributions",
                .choices = {"kl", "hidden", "scale_free"}});
        visit(s.scale_free_weight,
              FieldInfo{"scale_free_weight", "", "weight of a scale-free hidden term beside the KL objective", 0, 100});
        visit(s.text_kl_weight,
              FieldInfo{"text_kl_weight", "", "weight of KL on plain text; retrieval alone is blind to text quality", 0,
                        10});
        visit(s.budget_rule, FieldInfo{.name = "budget_rule",
                                       .unit = "",
                                       .help = "fixed: lambda as given; dual: lambda follows the budget",
                                       .choices = {"dual", "fixed"}});
        visit(s.budget, FieldInfo{.name = "budget",
                                  .unit = "layers",
                                  .help = "how many layers keep full attention (K)",
                                  .min = 0,
                                  .max = 4096,
                                  .takes_effect = "next step"});
        visit(s.lambda,
              FieldInfo{
                  .name = "lambda",
                  .unit = "",
                  .help =
                      "strength of the regulariser towards linear; 0 with the dual rule: started from the closed form",
                  .min = 0,
                  .max = 1e9,
                  .takes_effect = "next step"});
        visit(
            s.dual_rate,
            FieldInfo{
                .name = "dual_rate",
                .unit = "",
                .help = "how fast lambda follows the budget: lambda *= exp(rate * clip((sum of gates - K) / K, -1, 1))",
                .min = 0,
                .max = 1,
                .takes_effect = "next step"});
        visit(s.steps, FieldInfo{"steps", "steps",
                                 "optimiser steps; 0, in paper mode: as many as the published 20M tokens buy", 0, 1e7});
        visit(s.tokens_per_step, FieldInfo{"tokens_per_step", "tokens",
                                           "tokens in one step; 0: one sequence in each micro-batch", 0, 1e7});
        visit(s.micro_batches,
              FieldInfo{"micro_batches", "", "batches that one step is divided into, to save memory", 1, 4096});
        visit(s.row_average,
              FieldInfo{.name = "row_average",
                        .unit = "",
                        .help = "sequences: answer rows of a sequence first, so that a long passkey weighs as much as "
                                "a short needle; rows: every answer row alike (the paper)",
                        .choices = {"sequences", "rows"}});
        visit(s.lengths, FieldInfo{"lengths", "tokens",
                                   "context lengths; each step draws one; none: what the teacher was trained on, in "
                                   "paper mode 1000 to 16000 as far as its context goes",
                                   16, 1048576});
        visit(s.tasks, FieldInfo{.name = "tasks",
                                 .unit = "",
                                 .help = "retrieval tasks the gates are fed, in equal shares; none: what the teacher "
                                         "was trained on, in paper mode the passkeys that fit its context"});
        visit(s.text_share,
              FieldInfo{"text_share", "1",
                        "share of plain-text sequences in a step; one sequence always asks something", 0, 0.9});
        visit(s.lr, FieldInfo{.name = "lr",
                              .unit = "",
                              .help = "peak learning rate of the gates (AdamW, trapezoid)",
                              .min = 0,
                              .max = 1,
                              .takes_effect = "next step"});
        visit(s.lr_floor, FieldInfo{"lr_floor", "", "learning rate at the first and last step", 0, 1});
        visit(s.propagate, FieldInfo{.name = "propagate",
                                     .unit = "",
                                     .help = "off: every layer reads the teacher's stream, so that the loss splits "
                                             "into layers (the null model)"});
        visit(s.swap_refine,
              FieldInfo{.name = "swap_refine",
                        .unit = "",
                        .help = "improve the plan by swaps on a probe, accepted only if a second probe agrees"});
        visit(s.probe_every, FieldInfo{"probe_every", "steps",
                                       "probe the plan of the moment every so many steps; 0: only at the end", 0, 1e7});
        visit(s.probe_sequences,
              FieldInfo{"probe_sequences", "sequences",
                        "sequences of each task and length in each of the two probes that choose; 0: at least 8 of a "
                        "task and 25,000 tokens",
                        0, 4096});
        visit(s.pins, FieldInfo{.name = "pins", .unit = "", .help = "forced layers: 0=full, 3=linear"});
        visit(s.checkpoint_every,
              FieldInfo{"checkpoint_every", "steps", "save the state for resume every so many steps", 1, 1e7});
        visit(s.seed, FieldInfo{"seed", "", "seed of data and ties", 0, 9.0e15});
    }

    // The published settings (resources/handbook/method.md, "Paper mode"), one sequence a step. Lengths, tasks and
    // steps are left open: they depend on the teacher, and fitPaperMode() fills them in.
    static GatesSpec paper();
};

}  // namespace fm
