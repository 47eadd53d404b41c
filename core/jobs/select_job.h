// Chooses layers by the baseline rules, on the probe's measure.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/select.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct SelectOutcome {
    std::string run_id;
    std::int64_t seeds = 1;  // how often each rule chose
    SelectResult result;
};
nlohmann::json toJson(const SelectOutcome& outcome);

SelectOutcome runSelectJob(JobContext& context, const JobFiles& files, const SelectSpec& given, Workplace& workplace);

}  // namespace fm
