// A verb that runs a job: its options come from the spec's field list, and the same job runs from a spec file.
#pragma once

#include <memory>
#include <string>

#include "app/cli/job_table.h"
#include "app/cli/output.h"
#include "core/base/error.h"

namespace fm::cli {

// What stands behind the options of one job verb while the command line is parsed.
template <class Spec>
struct JobOptions {
    explicit JobOptions(CLI::App& sub) : fields(sub) {
        sub.add_flag("--print-spec", print_spec, "print the complete spec for `flashmorph run` instead of running");
        sub.add_option("--resume", resume_id, "go on with a stopped or killed run of the study; takes its spec");
    }
    SpecOptions<Spec> fields;
    bool print_spec = false;
    std::string resume_id;
};

// Runs the job with the options that were given, or prints its spec.
int runJobVerb(const GlobalOptions& global, const Job& job, nlohmann::json given, bool print_spec,
               const std::string& resume_id);

// Adds `flashmorph <name>` and registers the job in the table. `cli` must outlive the parsing and the action.
template <class Spec>
CLI::App* addJobVerb(CLI::App& app, CliContext& cli, const JobVerb<Spec>& verb) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    const auto options = std::make_shared<JobOptions<Spec>>(*sub);
    const Job& job = cli.jobs[verb.name] = makeJob(verb);
    sub->callback([&cli, &job, options] {
        cli.action = [&cli, &job, options] {
            return runJobVerb(cli.global, job, options->fields.given(), options->print_spec, options->resume_id);
        };
    });
    return sub;
}

}  // namespace fm::cli
