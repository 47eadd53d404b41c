// Everything that defines an alignment run. Defaults: DESIGN 5 and reference/prototype.md 3, 3.1, 10.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/model/branches/mixer_names.h"

namespace fm {

struct AlignSpec {
    std::string kind = mixerNames().front();
    std::string form = "exportable";
    std::string kv_heads = "expanded";
    std::int64_t steps = 320;
    std::int64_t tokens_per_step = 32768;
    std::int64_t micro_batches = 1;
    std::vector<int> lengths = {512, 512, 1024};
    std::vector<std::string> tasks;
    double retrieval_share = 0.25;
    double lr = 1.5e-3;
    double lr_floor = 1e-5;
    std::int64_t warm_up = 20;
    double clip = 1;
    std::int64_t layers_per_pass = 0;
    std::int64_t eval_every = 50;
    std::int64_t checkpoint_every = 50;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(s.kind, FieldInfo{.name = "kind", .unit = "", .help = mixerHelp(), .choices = mixerNames()});
        visit(s.form, FieldInfo{.name = "form",
                                .unit = "",
                                .help = "exportable: what standard loaders hold exactly; plain: no SiLU, no loader",
                                .choices = {"exportable", "plain"}});
        visit(s.kv_heads, FieldInfo{.name = "kv_heads",
                                    .unit = "",
                                    .help = "expanded: one K/V head per query head; grouped: the teacher's K/V heads",
                                    .choices = {"expanded", "grouped"}});
        visit(s.steps, FieldInfo{"steps", "steps", "optimiser steps", 1, 1e8});
        visit(s.tokens_per_step, FieldInfo{"tokens_per_step", "tokens", "tokens in one optimiser step", 16, 1e8});
        visit(s.micro_batches,
              FieldInfo{"micro_batches", "", "batches that one step is divided into, to save memory", 1, 4096});
        visit(s.lengths,
              FieldInfo{"lengths", "tokens", "sequence lengths; each batch draws one of the list", 16, 1048576});
        visit(s.tasks,
              FieldInfo{.name = "tasks",
                        .unit = "",
                        .help = "retrieval tasks among the plain text; none: what the teacher was trained on"});
        visit(s.retrieval_share,
              FieldInfo{"retrieval_share", "1", "share of sequences with retrieval questions", 0, 1});
        visit(s.lr, FieldInfo{.name = "lr",
                              .unit = "",
                              .help = "peak learning rate of AdamW (0.9, 0.95); 3e-3 is faster over short runs",
                              .min = 0,
                              .max = 1,
                              .takes_effect = "next step"});
        visit(s.lr_floor, FieldInfo{"lr_floor", "", "learning rate at the end of the cosine", 0, 1});
        visit(s.warm_up, FieldInfo{"warm_up", "steps", "linear warm-up", 0, 1e6});
        visit(s.clip, FieldInfo{"clip", "", "largest gradient norm of each layer by itself", 1e-6, 1e6});
        visit(s.layers_per_pass,
              FieldInfo{"layers_per_pass", "layers",
                        "layers trained as one batched problem; 0 chooses by device and memory", 0, 4096});
        visit(s.eval_every, FieldInfo{"eval_every", "steps", "steps between measurements on held-out data", 1, 1e8});
        visit(s.checkpoint_every,
              FieldInfo{"checkpoint_every", "steps", "steps between saved states for resume", 1, 1e8});
        visit(s.seed, FieldInfo{"seed", "", "seed of the data and of the start", 0, 9.0e15});
    }
};

}  // namespace fm
