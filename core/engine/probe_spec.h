// The probe job: one plan measured on a held-out set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/plan_choice.h"
#include "core/run/field_list.h"

namespace fm {

struct ProbeSpec {
    PlanChoice plan;
    std::string hybrid;
    std::string branches;
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::int64_t sequences = 8;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        visit(s.hybrid,
              FieldInfo{.name = "hybrid", .unit = "", .help = "recovered hybrid of the study, instead of a plan"});
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        visit(s.tasks, FieldInfo{.name = "tasks",
                                 .unit = "",
                                 .help = "retrieval tasks of the probe; none: what the teacher was trained on"});
        visit(s.lengths, FieldInfo{"lengths", "tokens",
                                   "context lengths of the probe; none: what the teacher was trained on", 16, 1048576});
        visit(s.sequences, FieldInfo{"sequences", "sequences", "sequences of each length in the probe", 1, 4096});
        visit(s.seed, FieldInfo{"seed", "", "seed of the probe", 0, 9.0e15});
    }
};

}  // namespace fm
