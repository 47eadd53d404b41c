// How a job is told which plan to work on: explicit layers, or a gate run and a budget. One field list, embedded in the
// specs of every job that needs a plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/plan/pins.h"
#include "core/plan/plan.h"

namespace fm {

struct PlanChoice {
    std::string run;
    std::int64_t step = -1;
    std::int64_t budget = -1;
    std::vector<std::string> pins;
    std::string layers;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(s.run, FieldInfo{.name = "run", .unit = "", .help = "gate run whose plan is taken; none: the newest"});
        visit(s.step, FieldInfo{"step", "steps", "step of that run; -1: its end, with the swaps it made", -1, 1e9});
        visit(s.budget,
              FieldInfo{"budget", "layers", "how many layers keep full attention; -1: the run's own", -1, 4096});
        visit(s.pins, FieldInfo{.name = "pins", .unit = "", .help = "forced layers: 0=full, 3=linear"});
        visit(s.layers, FieldInfo{.name = "layers",
                                  .unit = "",
                                  .help = "full layers by hand, such as 2,5,8; all: the teacher; none: all-linear"});
    }
};

}  // namespace fm
