// Generation-based retrieval of a plan or hybrid over depth and length, every sample stored.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/evaluate.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct EvaluateOutcome {
    std::string run_id;
    Plan plan;
    std::string chat_family;  // "" for prompts of plain text
    EvaluateResult result;
};
nlohmann::json toJson(const EvaluateOutcome& outcome);

EvaluateOutcome runEvaluateJob(JobContext& context, const JobFiles& files, const EvaluateSpec& given,
                               Workplace& workplace);

}  // namespace fm
