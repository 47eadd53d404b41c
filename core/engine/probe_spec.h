// The probe job: one plan measured on a held-out set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/engine/probe_fields.h"
#include "core/plan/plan_choice.h"

namespace fm {

struct ProbeSpec {
    PlanChoice plan;
    std::string hybrid;
    std::string branches;
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::int64_t sequences = 0;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        visit(s.hybrid,
              FieldInfo{.name = "hybrid", .unit = "", .help = "recovered hybrid of the study, instead of a plan"});
        forEachProbeField(s, visit);
        visit(s.seed, FieldInfo{"seed", "", "seed of the probe", 0, 9.0e15});
    }
};

}  // namespace fm
