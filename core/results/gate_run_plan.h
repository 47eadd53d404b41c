// Plans out of the run file of a gate run: any step, any budget.
#pragma once

#include <string>
#include <vector>

#include "core/plan/discretise.h"
#include "core/plan/plan_choice.h"
#include "core/store/study.h"

namespace fm {

// Gates of one step as a ranking: time-averaged first, except in paper mode. `step` < 0: the last one.
LayerRanking rankingOfRun(const std::string& path, std::int64_t step);

// The plan at the asked budget, with the run's own pins where `pins` says nothing else. Where budget and step are the
// run's own and the pins agree with it, the plan it ended with (after its swaps).
Plan planOfRun(const std::string& path, const PlanChoice& choice, const std::vector<Pin>& pins);

// The newest run of a job in the study that has at least one step; throws InputError, naming `field`, when there is
// none.
std::string newestRun(const Study& study, const std::string& job, const std::string& field);

}  // namespace fm
