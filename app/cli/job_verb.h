// A verb that runs a job of the table: its options come from the spec's field list, and the same job runs from a spec
// file.
#pragma once

#include <any>
#include <memory>
#include <string>

#include "app/cli/cli_context.h"
#include "app/cli/spec_options.h"
#include "core/jobs/job_table.h"

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
int runJobVerb(const CliContext& cli, const Job& job, nlohmann::json given, bool print_spec,
               const std::string& resume_id);

// Adds `flashmorph <name>`. `cli` must outlive the parsing and the action.
template <class Spec, class Outcome>
void addJobVerb(CLI::App& app, CliContext& cli, const std::string& name, std::string (*textOf)(const Outcome&)) {
    const Job& job = jobTable().at(name);
    CLI::App* sub = app.add_subcommand(name, job.help);
    const auto options = std::make_shared<JobOptions<Spec>>(*sub);
    cli.printers[name] = [textOf](const JobOutcome& outcome) {
        return textOf(std::any_cast<const Outcome&>(outcome.result));
    };
    sub->callback([&cli, &job, options] {
        cli.action = [&cli, &job, options] {
            return runJobVerb(cli, job, options->fields.given(), options->print_spec, options->resume_id);
        };
    });
}

}  // namespace fm::cli
