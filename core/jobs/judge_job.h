// Holds the plans and hybrids of a study against each other on one large unseen probe.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/engine/judge.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct JudgeOutcome {
    std::string run_id;
    std::vector<std::string> tasks, unseen;
    JudgeResult result;  // its subjects refer to no weights any more
};
nlohmann::json toJson(const JudgeOutcome& outcome);

JudgeOutcome runJudgeJob(JobContext& context, const JobFiles& files, const JudgeSpec& given, Workplace& workplace);

}  // namespace fm
