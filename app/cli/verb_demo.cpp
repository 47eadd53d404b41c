// flashmorph demo: a whole study on the built-in teacher, from gates to a verified export, and one table.
#include <cmath>
#include <filesystem>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/export_job.h"
#include "app/cli/output.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/base/json_number.h"
#include "core/export/reload.h"
#include "core/plan/gate_plan.h"
#include "core/plan/plan_spelling.h"
#include "core/run/run_id.h"

namespace fm::cli {

namespace fs = std::filesystem;

namespace {

constexpr int kBudgets[] = {2, 3, 4};
constexpr int kChosen = 2;  // the budget that is recovered and exported

struct DemoOptions {
    std::string folder;  // "" = the first free of flashmorph-demo, flashmorph-demo-2, ...
    std::string resources = FM_RESOURCES;
    bool from_scratch = false;
};

std::string freeFolder() {
    std::string folder = "flashmorph-demo";
    for (int i = 2; fs::exists(folder); ++i) folder = "flashmorph-demo-" + std::to_string(i);
    return folder;
}

class Demo {
public:
    Demo(const DemoOptions& options, const GlobalOptions& global) : options_(options), global_(global) {
        if (options_.folder.empty()) options_.folder = freeFolder();
        if (fs::exists(fs::path(options_.folder) / "study.json")) {
            throw InputError(Problem{"folder", options_.folder,
                                     "a folder without a study; remove it or name another with --folder"});
        }
        global_.study = options_.folder;
        global_.teacher = (fs::path(options_.resources) / "models/fm-tiny").string();
        global_.text = (fs::path(options_.resources) / "text/kjv.txt").string();
        global_.json = false;
        workplace_ = std::make_unique<Workplace>(global_);
    }
    int run();

private:
    template <class Spec>
    nlohmann::json job(const std::string& name, const Spec& spec,
                       JobOutcome (*body)(JobContext&, const JobFiles&, const Spec&, Workplace&));
    void branches();
    void measure(const std::string& name, const std::string& layers, const std::string& hybrid);
    void row(const std::string& name, const nlohmann::json& scores);
    void selectors(const nlohmann::json& plans);

    DemoOptions options_;
    GlobalOptions global_;
    std::unique_ptr<Workplace> workplace_;
    nlohmann::json rows_ = nlohmann::json::array();
    std::string table_;
};

// Runs one job with its own run file; its result comes back instead of being printed.
template <class Spec>
nlohmann::json Demo::job(const std::string& name, const Spec& spec,
                         JobOutcome (*body)(JobContext&, const JobFiles&, const Spec&, Workplace&)) {
    nlohmann::json result;
    const int code = runJob(global_, {name, runsFolder(global_), ""}, [&](JobContext& context, const JobFiles& files) {
        result = body(context, files, spec, *workplace_).json;
        return JobOutcome{};
    });
    if (code == kExitCancelled) throw Cancelled();
    if (code != kExitDone) throw WorldError("demo: the job " + name + " failed; its message stands above");
    return result;
}

// The shipped branch set, or one aligned now.
void Demo::branches() {
    const fs::path shipped = fs::path(options_.resources) / "models/fm-tiny/branches.safetensors";
    if (options_.from_scratch) {
        AlignSpec spec;
        spec.steps = 280;
        spec.tokens_per_step = 6144;
        spec.lengths = {256};
        spec.lr = 3e-3;
        job("align", spec, runAlignJob);
        return;
    }
    StudySession& session = workplace_->session();
    BranchSet set = loadBranches(shipped.string(), session.config(), at::kCPU, at::kFloat);
    saveBranchesIn(set, session.study().folder() + "/branches");
    const std::string path = "branches/" + set.id + ".safetensors";
    session.study().update([&](StudyInfo& info) {
        info.artifacts[set.id] = {ArtifactKind::BranchSet, path, "", {info.teacher_hash}};
    });
}

void Demo::row(const std::string& name, const nlohmann::json& s) {
    nlohmann::json entry = s;
    entry["name"] = name;
    rows_.push_back(entry);
    const auto number = [&s](const std::string& key) { return numberFromJson(s[key]).value_or(NAN); };
    const auto interval = [&](const std::string& key, int digits) {
        return format("%.*f (%.*f to %.*f)", digits, number(key), digits, number(key + "_low"), digits,
                      number(key + "_high"));
    };
    const Plan plan = planFromKey(s["plan"]["plan"].get<std::string>());
    table_ +=
        format("%-22s %2d  %-26s  %-22s  %8.4f  %s\n", name.c_str(), plan.budget(), interval("answer_kl", 4).c_str(),
               interval("exact_match", 3).c_str(), number("text_kl"), layersText(plan).c_str());
}

// On the study's default probe, which chooses nothing: every row of the table, whoever chose it, is measured there.
void Demo::measure(const std::string& name, const std::string& layers, const std::string& hybrid) {
    ProbeSpec spec;
    spec.plan.layers = layers;
    spec.hybrid = hybrid;
    row(name, job("probe", spec, runProbeJob));
}

void Demo::selectors(const nlohmann::json& plans) {
    for (const nlohmann::json& plan : plans) row(plan["selector"].get<std::string>(), plan);
}

int Demo::run() {
    branches();
    GatesSpec gates;
    gates.budget = kChosen;
    gates.steps = 120;
    gates.tokens_per_step = 2048;
    gates.probe_every = 40;
    const nlohmann::json chosen = job("gates", gates, runGatesJob);
    measure("teacher", "all", "");
    measure("all-linear", "none", "");
    for (const int budget : kBudgets) {
        const PlanChoice choice{"", -1, budget, {}, ""};
        std::string layers;
        for (const int layer : workplace_->session().plan(choice).plan.fullLayers()) {
            layers += (layers.empty() ? "" : ",") + std::to_string(layer);
        }
        measure("FlashMorph gates", layers, "");
    }
    SelectSpec select;
    select.selectors = {"uniform-a", "uniform-b", "remove-one"};
    select.budgets.assign(std::begin(kBudgets), std::end(kBudgets));
    selectors(job("select", select, runSelectJob)["plans"]);

    DistillSpec distill;
    distill.steps = 60;
    distill.trains = "branches";  // seconds of training: the teacher's own weights are better left alone
    distill.tokens_per_step = 2048;
    distill.branch_lr = 3e-4;
    distill.text_share = 0.3;
    const std::string hybrid = job("distill", distill, runDistillJob)["hybrid"].get<std::string>();
    measure("recovered hybrid", "", hybrid);
    EvaluateSpec evaluate;
    evaluate.hybrid = hybrid;
    evaluate.depths = 2;
    evaluate.samples = 1;
    const nlohmann::json recall = job("eval", evaluate, runEvaluateJob);

    ExportSpec spec;
    spec.hybrid = hybrid;
    spec.dtype = "f32";
    const nlohmann::json exported = job("export", spec, runExportJob);
    const std::string folder = exported["folder"].get<std::string>();
    const ReloadReport report = verifyExport(folder);
    std::string text =
        "\nplan                    K  answer KL (95 %)            exact match (95 %)       text KL  full layers\n" +
        table_;
    text += format("\ngenerated recall of the recovered hybrid  %.3f (%.3f to %.3f)\n", recall["recall"].get<double>(),
                   recall["recall_low"].get<double>(), recall["recall_high"].get<double>());
    text += "export  " + folder + "  " + exported["verdict"]["verdict"].get<std::string>() + ", verify " +
            (report.passed() ? "passed" : "FAILED") + "\n";
    text += "study   " + options_.folder + "  (run files in runs/)\n";
    printResult(global_, nullptr, text);
    return report.passed() ? kExitDone : kExitFailed;
}

}  // namespace

void addDemoVerb(CLI::App& app, CliContext& cli) {
    CLI::App* sub =
        app.add_subcommand("demo", "a whole study on the built-in teacher: gates, plans, baselines, recovery, export");
    const auto options = std::make_shared<DemoOptions>();
    sub->add_option(
        "--folder", options->folder,
        "folder of the study that is made; none: the first free of flashmorph-demo, flashmorph-demo-2, ...");
    sub->add_option("--resources", options->resources, "folder with models/ and text/")->capture_default_str();
    sub->add_flag("--from-scratch", options->from_scratch,
                  "align the branches first instead of taking the shipped ones");
    sub->callback([&cli, options] { cli.action = [&cli, options] { return Demo(*options, cli.global).run(); }; });
}

}  // namespace fm::cli
