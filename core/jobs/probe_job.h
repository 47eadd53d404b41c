// Measures one plan or hybrid against the teacher on held-out data.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/engine/probe_spec.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"
#include "core/plan/probe_scores.h"

namespace fm {

struct ProbeOutcome {
    std::string run_id;
    Plan plan;
    ProbeScores scores;
};
nlohmann::json toJson(const ProbeOutcome& outcome);

ProbeOutcome runProbeJob(JobContext& context, const JobFiles& files, const ProbeSpec& given, Workplace& workplace);

}  // namespace fm
