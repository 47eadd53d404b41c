// The jobs of a study: one table for everything that starts one, the command line, a spec file and a served engine.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm {

struct Job {
    std::string name;  // the value of "job" in a spec file
    std::string help;
    bool needs_study = true;
    nlohmann::json fields;  // field_json.h
    // The spec with every default filled in, and everything that is wrong with it.
    std::function<nlohmann::json(const nlohmann::json& given, std::vector<Problem>& problems)> complete;
    // Opens the run (runHeader()) and works. InputError when the spec has problems.
    std::function<JobOutcome(JobContext&, const JobFiles&, const nlohmann::json& spec, Workplace&)> run;
};
using JobTable = std::map<std::string, Job>;  // by name

const JobTable& jobTable();
std::string jobNames();  // with commas between, for messages

// Throws InputError with every problem.
nlohmann::json completeSpec(const Job& job, const nlohmann::json& given);

}  // namespace fm
