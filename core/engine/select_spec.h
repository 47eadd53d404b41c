// Which layers to keep, by the published rules the workbench is held against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/engine/probe_fields.h"

namespace fm {

std::vector<std::string> selectorNames();  // of core/engine/selectors

struct SelectSpec {
    std::string branches;
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::int64_t sequences = 0;
    std::vector<std::string> selectors = {"uniform-a", "uniform-b", "local-error", "remove-one", "restore-one"};
    std::vector<int> budgets = {4};
    double text_kl_weight = 0.15;
    std::int64_t exhaustive_limit = 2000;
    std::int64_t random_plans = 12;
    std::int64_t seeds = 1;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        forEachProbeField(s, visit);
        visit(s.selectors,
              FieldInfo{.name = "selectors", .unit = "", .help = "rules to run", .choices = selectorNames()});
        visit(s.budgets,
              FieldInfo{"budgets", "layers", "how many layers keep full attention, one plan per budget", 0, 4096});
        visit(s.text_kl_weight,
              FieldInfo{"text_kl_weight", "", "weight of text KL beside answer KL when plans are compared", 0, 10});
        visit(s.exhaustive_limit,
              FieldInfo{"exhaustive_limit", "plans",
                        "largest number of plans an exhaustive search may measure for one budget", 1, 1e7});
        visit(s.random_plans, FieldInfo{"random_plans", "plans", "plans drawn for the random band", 1, 1e5});
        visit(s.seeds, FieldInfo{"seeds", "",
                                 "how often the choice is repeated, each time on other data; all are measured on the "
                                 "same probe, which no choice has seen",
                                 1, 64});
        visit(s.seed, FieldInfo{"seed", "", "seed of the probes and of the random plans", 0, 9.0e15});
    }
};

}  // namespace fm
