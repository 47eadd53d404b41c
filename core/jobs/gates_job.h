// Optimises one gate per layer and chooses a plan under a budget.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/gates.h"
#include "core/engine/gates_spec.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"
#include "core/plan/plan_cost.h"

namespace fm {

struct GatesOutcome {
    std::string run_id;
    GatesResult gates;
    PlanCost cost;  // of the plan that was chosen
};
nlohmann::json toJson(const GatesOutcome& outcome);

GatesOutcome runGatesJob(JobContext& context, const JobFiles& files, const GatesSpec& given, Workplace& workplace);

}  // namespace fm
