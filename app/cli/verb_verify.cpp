// flashmorph verify DIR: an exported folder, held against the hybrid's logits that are recorded in it.
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/export/reload.h"
#include "core/jobs/workplace.h"

namespace fm::cli {

namespace {

std::string verifyText(const ReloadReport& report) {
    char figures[200];
    std::snprintf(figures, sizeof figures,
                  "  largest logit difference %.3g (recorded at export: %.3g), lowest cosine %.8f, greedy agreement "
                  "%.1f %%\n",
                  report.error.max_abs, report.recorded.value_or(LogitError{}).max_abs, report.error.cosine,
                  100 * report.error.greedy_agreement);
    std::string text = report.folder + ": " + (report.passed() ? "passed" : "FAILED") + "\n  " + report.format + ", " +
                       std::to_string(report.tensors) + " tensors, lowest precision " + report.precision + "\n";
    if (report.compared) text += figures;
    for (const std::string& problem : report.problems) text += "  " + problem + "\n";
    return text;
}

int verify(const GlobalOptions& global, const std::string& folder) {
    GlobalOptions on_cpu = global;  // float64 on every machine alike
    on_cpu.device = "cpu";
    prepareCompute(on_cpu);
    const ReloadReport report = verifyExport(folder);
    printResult(global, toJson(report), verifyText(report));
    return report.passed() ? kExitDone : kExitFailed;
}

}  // namespace

void addVerifyVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand(
        "verify", "rebuild the logits of an exported folder from its files alone; exit code 1 when they are off");
    const auto folder = std::make_shared<std::string>();
    verb->add_option("DIR", *folder, "folder made by `flashmorph export`")->required();
    verb->callback([&cli, folder] { cli.action = [&cli, folder] { return verify(cli.global, *folder); }; });
}

}  // namespace fm::cli
