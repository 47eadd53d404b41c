// A job as everything that starts one sees it: the command line, `flashmorph run SPEC.json` and `flashmorph serve`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/cli/field_json.h"
#include "app/cli/job_runner.h"
#include "app/cli/spec_options.h"
#include "app/cli/workplace.h"
#include "core/plan/plan_choice.h"

namespace fm::cli {

struct Job {
    std::string name;  // the value of "job" in a spec file
    std::string help;
    bool needs_study = true;
    nlohmann::json fields;  // field_json.h
    // The spec with every default filled in, and everything that is wrong with it.
    std::function<nlohmann::json(const nlohmann::json& given, std::vector<Problem>& problems)> complete;
    // Opens the run (runHeader()), works, returns what is printed. InputError when the spec has problems.
    std::function<JobOutcome(JobContext&, const JobFiles&, const nlohmann::json& spec, Workplace&)> run;
};
using JobTable = std::map<std::string, Job>;

// What a verb knows about its job; makeJob() hides the type of the spec.
template <class Spec>
struct JobVerb {
    std::string name;
    std::string help;
    // The spec's fields are valid each by itself.
    std::function<JobOutcome(JobContext&, const JobFiles&, const Spec&, Workplace&)> run;
    // How a spec is read; another one where the defaults depend on a field.
    SpecParser<Spec> parse = [](const nlohmann::json& json, Spec& spec) {
        std::vector<Problem> problems = specFromJson(json, spec);
        if constexpr (requires { spec.plan.pins; }) parsePins(spec.plan.pins, problems);
        return problems;
    };
    bool needs_study = true;
};

template <class Spec>
Job makeJob(const JobVerb<Spec>& verb) {
    Job job{verb.name, verb.help, verb.needs_study, fieldsJson(Spec{}), {}, {}};
    job.complete = [parse = verb.parse](const nlohmann::json& given, std::vector<Problem>& problems) {
        Spec spec;
        problems = parse(given, spec);
        return specToJson(spec);
    };
    job.run = [verb](JobContext& context, const JobFiles& files, const nlohmann::json& json, Workplace& workplace) {
        return verb.run(context, files, parseSpec<Spec>(json, verb.parse), workplace);
    };
    return job;
}

// Runs a job of the table at a terminal; returns the exit code. InputError for what is wrong with `spec`.
int startJob(const GlobalOptions& global, const Job& job, const nlohmann::json& spec, const std::string& resume_id);

// Throws InputError with every problem.
nlohmann::json completeSpec(const Job& job, const nlohmann::json& given);

}  // namespace fm::cli
