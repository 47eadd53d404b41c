// flashmorph bench kernels: speed of the recurrences on this processor, and with --check their errors.
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/bench_kernels.h"
#include "app/cli/output.h"
#include "app/cli/spec_options.h"
#include "app/cli/verbs.h"

namespace fm::cli {

namespace {

struct Report {
    nlohmann::json json;
    std::string text;
    bool right = true;
};

double timeOf(const std::vector<KernelTiming>& timings, const std::string& kernel, const std::string& path) {
    for (const KernelTiming& timing : timings) {
        if (timing.kernel == kernel && timing.path == path) return timing.us_per_token_head;
    }
    return 0;
}

void addTimings(const std::vector<KernelTiming>& timings, Report& report) {
    char line[128];
    report.json["timings"] = nlohmann::json::array();
    report.text += "kernel               path      us per token and head   times faster than aten\n";
    for (const KernelTiming& timing : timings) {
        nlohmann::json entry = {
            {"kernel", timing.kernel}, {"path", timing.path}, {"us_per_token_head", timing.us_per_token_head}};
        const double aten_us = timeOf(timings, timing.kernel, "aten");
        std::snprintf(line, sizeof line, "%-20s %-8s %14.3f", timing.kernel.c_str(), timing.path.c_str(),
                      timing.us_per_token_head);
        report.text += line;
        if (aten_us > 0) {
            entry["speedup_over_aten"] = aten_us / timing.us_per_token_head;
            std::snprintf(line, sizeof line, "%22.1f", aten_us / timing.us_per_token_head);
            report.text += line;
        }
        report.text += "\n";
        report.json["timings"].push_back(entry);
    }
}

void addErrors(const std::vector<KernelError>& errors, Report& report) {
    char line[128];
    report.json["errors"] = nlohmann::json::array();
    report.text += "kernel               path      relative error     allowed\n";
    for (const KernelError& error : errors) {
        const bool right = error.relative_error <= error.allowed;  // NaN and infinity are wrong
        report.right = report.right && right;
        report.json["errors"].push_back({{"kernel", error.kernel},
                                         {"path", error.path},
                                         {"relative_error", error.relative_error},
                                         {"allowed", error.allowed},
                                         {"right", right}});
        std::snprintf(line, sizeof line, "%-20s %-8s %15.2e %11.0e%s\n", error.kernel.c_str(), error.path.c_str(),
                      error.relative_error, error.allowed, right ? "" : "  WRONG");
        report.text += line;
    }
}

int benchKernels(const GlobalOptions& global, const KernelBenchSpec& spec) {
    Report report;
    report.json["spec"] = specToJson(spec);
    addTimings(timeKernels(spec), report);
    if (spec.check) addErrors(checkKernels(spec), report);
    printResult(global, report.json, report.text);
    return report.right ? kExitDone : kExitFailed;
}

}  // namespace

void addBenchVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand("bench", "measure this machine");
    verb->require_subcommand(1);
    CLI::App* kernels = verb->add_subcommand("kernels", "the linear-attention kernels on one CPU thread");
    const auto options = std::make_shared<SpecOptions<KernelBenchSpec>>(*kernels);
    kernels->callback(
        [&cli, options] { cli.action = [&cli, options] { return benchKernels(cli.global, options->spec()); }; });
}

}  // namespace fm::cli
