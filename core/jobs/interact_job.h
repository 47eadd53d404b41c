// Maps how layers depend on each other.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/interact.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct InteractOutcome {
    std::string run_id;
    InteractResult result;
};
nlohmann::json toJson(const InteractOutcome& outcome);

InteractOutcome runInteractJob(JobContext& context, const JobFiles& files, const InteractSpec& given,
                               Workplace& workplace);

}  // namespace fm
