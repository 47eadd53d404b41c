// Plans, costs and probe results as text and JSON: the same words in every verb.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/plan_evaluator.h"
#include "core/run/plan.h"
#include "core/run/plan_cost.h"

namespace fm::cli {

nlohmann::json planJson(const Plan& plan);  // {"full_layers": [...], "budget": K, "plan": "FLL..."}
nlohmann::json costJson(const PlanCost& cost);
nlohmann::json scoresJson(const ProbeScores& scores);

std::string layersText(const Plan& plan);           // "2 5 8", "none", "all"
std::string costText(const PlanCost& cost);         // one line
std::string scoresText(const ProbeScores& scores);  // a few lines, per task

// printf into a string.
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

}  // namespace fm::cli
