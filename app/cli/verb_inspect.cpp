// flashmorph inspect MODEL: what a checkpoint is, and whether every tensor in it is accounted for.
#include <memory>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/serve/inspect_report.h"

namespace fm::cli {

namespace {

std::string inspectText(const nlohmann::json& report) {
    const nlohmann::json& config = report["config"];
    std::string text = report["path"].get<std::string>() + " (" + report["format"].get<std::string>() + ")\n";
    const auto line = [&text](const std::string& name, const nlohmann::json& value) {
        text += "  " + name + std::string(name.size() < 20 ? 20 - name.size() : 1, ' ') +
                (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    };
    line("content hash", report["content_hash"]);
    for (const auto& [key, value] : config.items()) line(key, value);
    for (const auto& [key, value] : report["tensors"].items()) line("tensors " + key, value);
    for (const auto& [key, value] : report["tokenizer"].items()) line("tokenizer " + key, value);
    line("problems", report["problems"].size());
    for (const nlohmann::json& problem : report["problems"]) text += "    " + problem.get<std::string>() + "\n";
    return text;
}

int inspect(const GlobalOptions& global, const std::string& path) {
    const nlohmann::json report = inspectReport(path);
    printResult(global, report, inspectText(report));
    return report["problems"].empty() ? kExitDone : kExitFailed;
}

}  // namespace

void addInspectVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb =
        app.add_subcommand("inspect", "a model's shape, tensors and tokenizer; exit code 1 when tensors do not fit it");
    const auto path = std::make_shared<std::string>();
    verb->add_option("MODEL", *path, "model folder or .gguf file")->required();
    verb->callback([&cli, path] { cli.action = [&cli, path] { return inspect(cli.global, *path); }; });
}

}  // namespace fm::cli
