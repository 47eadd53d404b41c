// Plans, costs and probe results as JSON: the same members wherever one is answered, printed or read.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/plan/plan.h"
#include "core/plan/plan_cost.h"
#include "core/plan/probe_scores.h"

namespace fm {

nlohmann::json planJson(const Plan& plan);  // {"full_layers": [...], "budget": K, "plan": "FLL..."}
nlohmann::json costJson(const PlanCost& cost);
nlohmann::json scoresJson(const ProbeScores& scores);
// Sets `name`, `name`_low and `name`_high; what was not measured is null, never zero.
void putEstimate(nlohmann::json& json, const std::string& name, const Estimate& estimate);

}  // namespace fm
