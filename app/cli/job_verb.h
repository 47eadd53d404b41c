// A verb that runs a job: its options come from the spec's field list, and the same job runs from a spec file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/cli/job_runner.h"
#include "app/cli/output.h"
#include "app/cli/spec_options.h"

namespace fm::cli {

template <class Spec>
struct JobVerb {
    std::string name;  // also the value of "job" in a spec file
    std::string help;
    // Opens the run, works, returns what is printed. `context` is fresh; the options are valid each by itself.
    std::function<JobOutcome(JobContext& context, const Spec& spec, const GlobalOptions& global)> run;
    bool needs_study = true;
};

// Adds `flashmorph <name>` and registers the job for `flashmorph run`. `cli` must outlive the parsing and the action.
template <class Spec>
CLI::App* addJobVerb(CLI::App& app, CliContext& cli, const JobVerb<Spec>& verb) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    const auto options = std::make_shared<SpecOptions<Spec>>(*sub);
    const auto print_spec = std::make_shared<bool>(false);
    sub->add_flag("--print-spec", *print_spec, "print the complete spec for `flashmorph run` instead of running");

    const auto start = [&cli, verb](const Spec& spec) {
        if (verb.needs_study && cli.global.study.empty()) {
            throw InputError({"study", "", "--study FOLDER, the study that holds teacher, branches and runs"});
        }
        return runJob(cli.global, runsFolder(cli.global),
                      [&](JobContext& context) { return verb.run(context, spec, cli.global); });
    };
    cli.jobs[verb.name] = [start](const nlohmann::json& json) {
        Spec spec;
        std::vector<Problem> problems = specFromJson(json, spec);
        if (!problems.empty()) throw InputError(std::move(problems));
        return start(spec);
    };
    sub->callback([&cli, options, print_spec, start, name = verb.name] {
        cli.action = [=, &cli] {
            if (!*print_spec) return start(options->spec());
            nlohmann::json json = specToJson(options->spec());
            json["job"] = name;
            if (!cli.global.study.empty()) json["study"] = cli.global.study;
            const std::string text = dumpJson(json);
            printResult(cli.global, json, text + "\n");
            return kExitDone;
        };
    });
    return sub;
}

}  // namespace fm::cli
