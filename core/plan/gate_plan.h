// What a gate run says at one step, as a ranking and as a plan: the same for the command line and the window.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan/discretise.h"
#include "core/plan/plan.h"

namespace fm {

// Time-averaged gates first, except in paper mode, which ranks by the gates themselves; ties go to the larger local
// error. All three as the run file holds them (fp32), so that job, command line and window rank alike. An older run has
// no local errors: an empty vector.
LayerRanking gateRanking(const std::string& mode, std::vector<double> alpha_L, std::vector<double> mean_L,
                         std::vector<double> local_error_L);

// `ended_with`: the plan a finished run chose after its swaps, where its end is asked for. It is the answer when the
// budget is its own and every pin agrees with it; otherwise discretise() is.
Plan gatePlan(const LayerRanking& ranking, int budget, const std::vector<Pin>& pins,
              const std::optional<Plan>& ended_with);

}  // namespace fm
