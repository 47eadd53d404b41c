// How layers depend on each other: what linearising two costs beyond the sum of each alone, and the curvature of the
// loss in the gates at the present plan (resources/handbook/method.md, "Interactions").
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/engine/plan_evaluator.h"
#include "core/engine/probe_fields.h"
#include "core/plan/plan.h"
#include "core/plan/plan_choice.h"
#include "core/run/job_context.h"

namespace fm {

struct InteractSpec {
    PlanChoice plan;
    std::string branches;
    std::vector<std::string> tasks;
    std::vector<int> lengths;
    std::int64_t sequences = 4;  // the map has hundreds of plans, and is looked at rather than believed
    std::vector<int> pair_layers;
    bool curvature = true;
    double curvature_step = 0.05;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        forEachProbeField(s, visit);
        visit(s.pair_layers, FieldInfo{"pair_layers", "", "layers whose pairs are measured; none named: all", 0, 4096});
        visit(s.curvature,
              FieldInfo{.name = "curvature",
                        .unit = "",
                        .help = "also measure the second derivatives of the answer KL in the gates at the plan"});
        visit(s.curvature_step,
              FieldInfo{"curvature_step", "", "how far a gate is moved for its second derivatives", 1e-4, 0.5});
        visit(s.seed, FieldInfo{"seed", "", "seed of the probe", 0, 9.0e15});
    }
};

struct InteractInputs {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    std::shared_ptr<ProbeSet> probe;
    Plan plan;  // curvature is taken here; the pair map starts from the teacher
};

// f(S) is the answer KL with the layers of S linearised, everything else full attention.
struct InteractResult {
    std::vector<int> layers;
    double base = 0;                // f({}) = 0 up to rounding
    std::vector<double> single;     // f({i})
    std::vector<double> pair;       // f({i, j}) - f({i}) - f({j}) + f({}), row-major, symmetric, diagonal 0
    std::vector<double> curvature;  // d2 KL / da_i da_j at the plan, row-major over all layers; empty when off
};

// Table 0 "singles", table 1 "pairs" (filled live, one pair a row), table 2 "curvature" (one row of the matrix a row).
std::vector<Table> interactTables(std::int64_t num_layers);

InteractResult runInteract(const InteractSpec& spec, const InteractInputs& inputs, JobContext& context);

}  // namespace fm
