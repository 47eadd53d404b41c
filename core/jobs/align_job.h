// Trains the linear branches of a study's teacher.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/align_spec.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct AlignOutcome {
    std::string run_id;
    std::string branches;  // id of the branch set
};
nlohmann::json toJson(const AlignOutcome& outcome);

// Registers the branch set in the study. Throws InputError, WorldError, Cancelled; so do all jobs.
AlignOutcome runAlignJob(JobContext& context, const JobFiles& files, const AlignSpec& given, Workplace& workplace);

}  // namespace fm
