// Plans, costs and probe results as text: the same words in every verb.
#pragma once

#include <string>

#include "core/plan/plan.h"
#include "core/plan/plan_cost.h"
#include "core/plan/plan_spelling.h"
#include "core/plan/probe_scores.h"

namespace fm::cli {

std::string costText(const PlanCost& cost);         // one line
std::string scoresText(const ProbeScores& scores);  // a few lines, per task
// One row of a table of plans, and the table's head.
std::string scoresHeader(const std::string& name);
std::string scoresLine(const std::string& name, const Plan& plan, const ProbeScores& scores);
std::string estimateText(const Estimate& estimate, int digits);  // "0.123 (0.101 to 0.150)", "-" when not measured

// printf into a string.
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

}  // namespace fm::cli
