// Makes a small teacher from a tokenizer and text; needs no study.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/engine/pretrain.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct PretrainOutcome {
    std::string model;               // folder
    std::vector<TaskRecall> recall;  // on held-out data, at the longest length
};
nlohmann::json toJson(const PretrainOutcome& outcome);

PretrainOutcome runPretrainJob(JobContext& context, const JobFiles& files, const PretrainSpec& spec,
                               Workplace& workplace);

}  // namespace fm
