// flashmorph export: a plan or a recovered hybrid of a study as a folder that other programs load.
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_session.h"
#include "app/cli/verb_export.h"
#include "app/cli/verbs.h"
#include "core/export/exporter.h"
#include "core/run/error.h"

namespace fm::cli {

namespace {

DType dtypeNamed(const std::string& name) {
    if (name == "f32") return DType::F32;
    return name == "f16" ? DType::F16 : DType::BF16;
}

std::string verdictText(const ExportResult& result) {
    std::string text = std::string("verdict  ") + toString(result.verdict.exactness) + "\n";
    if (result.written()) text = "folder   " + result.folder + "\n" + text;
    if (result.verdict.as_stored) text += format("largest logit difference  %.3g\n", result.verdict.as_stored->max_abs);
    for (const std::string& reason : result.verdict.reasons) text += "  " + reason + "\n";
    for (const std::string& loader : result.verdict.loaders) text += "  loads in " + loader + "\n";
    return text;
}

}  // namespace

ExportResult exportFromStudy(const ExportOptions& options, const GlobalOptions& global) {
    GlobalOptions on_cpu = global;  // the exporter computes on the CPU
    on_cpu.device = "cpu";
    StudySession session(on_cpu);
    RecoveredHybrid hybrid;
    ExportRequest request;
    request.lineage = {{"teacher", session.teacherHash()}};
    if (!options.hybrid.empty()) {
        hybrid = session.hybrid(options.hybrid);
        request.lineage.emplace_back("hybrid", options.hybrid);
    } else {
        const StudySession::ChosenPlan chosen = session.plan(options.choice);
        hybrid = {session.weights(), session.branches(options.branches), chosen.plan};
        request.lineage.emplace_back("branches", hybrid.branches.id);
        if (!chosen.run_id.empty()) request.lineage.emplace_back("gates", chosen.run_id);
    }
    request.hybrid = {&hybrid.weights, &hybrid.branches, hybrid.plan};
    request.format = options.format.empty() ? defaultExportFormat(session.config()) : options.format;
    request.folder = options.out.empty()
                         ? session.study().folder() + "/exports/" + request.format + "-" + hybrid.plan.key()
                         : options.out;
    request.dtype = dtypeNamed(options.dtype);
    request.tokenizer_folder = session.tokenizerFolder();
    const ExportResult result = exportHybrid(request);
    const std::string prefix = session.study().folder() + "/";
    if (result.written() && result.folder.starts_with(prefix)) {
        const std::string path = result.folder.substr(prefix.size());
        session.study().update([&](StudyInfo& info) {
            std::vector<std::string> parents;
            for (std::size_t i = 1; i < request.lineage.size(); ++i) parents.push_back(request.lineage[i].second);
            info.artifacts["export-" + path.substr(path.rfind('/') + 1)] = {ArtifactKind::Export, path, "", parents};
        });
    }
    return result;
}

void addExportVerb(CLI::App& app, CliContext& cli) {
    CLI::App* sub = app.add_subcommand("export", "write a hybrid as a folder that other programs load, with a verdict");
    const auto options = std::make_shared<ExportOptions>();
    sub->add_option("--format", options->format, "fla or qwen3_5; none: the one that fits the teacher");
    sub->add_option("--out", options->out, "folder to write; none: exports/ of the study");
    sub->add_option("--dtype", options->dtype, "f32, f16 or bf16")
        ->check(CLI::IsMember({"f32", "f16", "bf16"}))
        ->capture_default_str();
    sub->add_option("--hybrid", options->hybrid, "recovered hybrid of the study; none: a plan without recovery");
    sub->add_option("--branches", options->branches, "id of the branch set; none: the newest");
    sub->add_option("--run", options->choice.run, "gate run whose plan is taken; none: the newest");
    sub->add_option("--budget", options->choice.budget, "how many layers keep full attention; none: the run's own");
    sub->add_option("--layers", options->choice.layers, "full layers by hand, such as 2,5,8");
    sub->callback([&cli, options] {
        cli.action = [&cli, options] {
            if (cli.global.study.empty())
                throw InputError(Problem{"study", "", "--study FOLDER, the study to export from"});
            const ExportResult result = exportFromStudy(*options, cli.global);
            nlohmann::json json = {{"folder", result.folder}, {"verdict", toJson(result.verdict)}};
            printResult(cli.global, json, verdictText(result));
            return result.written() ? kExitDone : kExitFailed;
        };
    });
}

}  // namespace fm::cli
