// flashmorph run SPEC.json: any job from the file that the window and --print-spec write.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/terminal_job.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/base/regular_file.h"
#include "core/jobs/job_table.h"

namespace fm::cli {

namespace {

constexpr std::uint64_t kMaxSpecBytes = 1 << 20;  // specs are a few kilobytes

nlohmann::json readSpecFile(const std::string& path) {
    try {
        nlohmann::json spec = nlohmann::json::parse(readRegularFile(path, kMaxSpecBytes));
        if (spec.is_object()) return spec;
    } catch (const WorldError& error) {
        throw InputError({"SPEC.json", path, std::string("a JSON file of at most 1 MB (") + error.what() + ")"});
    } catch (const nlohmann::json::exception& error) {
        throw InputError({"SPEC.json", path, std::string("valid JSON (") + error.what() + ")"});
    }
    throw InputError({"SPEC.json", path, "a JSON object with a key \"job\""});
}

// Takes "job" and "study" out of `spec`; what is left belongs to the job.
const Job& chooseJob(CliContext& cli, nlohmann::json& spec) {
    const nlohmann::json job = spec.value("job", nlohmann::json());
    const nlohmann::json study = spec.value("study", nlohmann::json(""));
    std::vector<Problem> problems;
    const auto found = job.is_string() ? jobTable().find(job.get<std::string>()) : jobTable().end();
    if (found == jobTable().end()) {
        problems.push_back({"job", job.is_null() ? "" : job.dump(), "one of: " + jobNames()});
    }
    if (!study.is_string()) problems.push_back({"study", study.dump(), "the path of a study folder"});
    if (!problems.empty()) throw InputError(std::move(problems));
    if (cli.global.study.empty()) cli.global.study = study.get<std::string>();
    spec.erase("job");
    spec.erase("study");
    return found->second;
}

}  // namespace

void addRunVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand("run", "run a job from a spec file (made by --print-spec or by the window)");
    const auto path = std::make_shared<std::string>();
    verb->add_option("SPEC.json", *path, "the spec: {\"job\": \"align\", \"study\": \"my-study\", ...}")->required();
    verb->callback([&cli, path] {
        cli.action = [&cli, path] {
            nlohmann::json spec = readSpecFile(*path);
            const Job& job = chooseJob(cli, spec);
            return startJob(cli, job, spec, {});
        };
    });
}

}  // namespace fm::cli
