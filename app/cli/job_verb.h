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
    // Opens the run (runHeader()), works, returns what is printed. The spec's fields are valid each by itself.
    std::function<JobOutcome(JobContext&, const JobFiles&, const Spec&, const GlobalOptions&)> run;
    // How a spec is read; another one where the defaults depend on a field.
    SpecParser<Spec> parse = [](const nlohmann::json& json, Spec& spec) { return specFromJson(json, spec); };
    bool needs_study = true;
};

template <class Spec>
int startJob(const GlobalOptions& global, const JobVerb<Spec>& verb, const Spec& spec, const std::string& resume_id) {
    if (verb.needs_study && global.study.empty()) {
        throw InputError({"study", "", "--study FOLDER, the study that holds teacher, branches and runs"});
    }
    const RunPlace place{verb.name, runsFolder(global), resume_id};
    return runJob(global, place,
                  [&](JobContext& context, const JobFiles& files) { return verb.run(context, files, spec, global); });
}

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

template <class Spec>
int runJobVerb(const GlobalOptions& global, const JobVerb<Spec>& verb, const JobOptions<Spec>& options) {
    nlohmann::json given = options.fields.given();
    if (!options.resume_id.empty()) {
        if (!given.empty())
            throw InputError({"resume", given.begin().key(), "no other field: the run's own spec counts"});
        given = storedSpec({verb.name, runsFolder(global), options.resume_id});
    }
    const Spec spec = parseSpec<Spec>(given, verb.parse);
    if (!options.print_spec) return startJob(global, verb, spec, options.resume_id);
    nlohmann::json json = specToJson(spec);
    json["job"] = verb.name;
    if (!global.study.empty()) json["study"] = global.study;
    printResult(global, json, dumpJson(json) + "\n");
    return kExitDone;
}

// Adds `flashmorph <name>` and registers the job for `flashmorph run`. `cli` must outlive the parsing and the action.
template <class Spec>
CLI::App* addJobVerb(CLI::App& app, CliContext& cli, const JobVerb<Spec>& verb) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    const auto options = std::make_shared<JobOptions<Spec>>(*sub);
    cli.jobs[verb.name] = [&cli, verb](const nlohmann::json& json) {
        return startJob(cli.global, verb, parseSpec<Spec>(json, verb.parse), {});
    };
    sub->callback([&cli, verb, options] {
        cli.action = [&cli, verb, options] { return runJobVerb(cli.global, verb, *options); };
    });
    return sub;
}

}  // namespace fm::cli
