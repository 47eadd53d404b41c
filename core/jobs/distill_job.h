// Recovers a hybrid by logit distillation from the teacher.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/distill.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct DistillOutcome {
    std::string run_id;
    std::string hybrid;  // id
    Plan plan;
};
nlohmann::json toJson(const DistillOutcome& outcome);

// Registers the hybrid in the study.
DistillOutcome runDistillJob(JobContext& context, const JobFiles& files, const DistillSpec& given,
                             Workplace& workplace);

}  // namespace fm
