// flashmorph demo: a whole study on the built-in teacher, from gates to a verified export, and one table.
#include <filesystem>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/job_text.h"
#include "app/cli/output.h"
#include "app/cli/plan_text.h"
#include "app/cli/terminal_job.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/base/resources_folder.h"
#include "core/export/reload.h"
#include "core/jobs/study_session.h"
#include "core/plan/plan_json.h"
#include "core/plan/plan_spelling.h"

namespace fm::cli {

namespace fs = std::filesystem;

namespace {

constexpr int kBudgets[] = {2, 3, 4};
constexpr int kChosen = 2;  // the budget that is recovered and exported

struct DemoOptions {
    std::string folder;  // "" = the first free of flashmorph-demo, flashmorph-demo-2, ...
    std::string resources = resourcesFolder();
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
        workplace_ = std::make_unique<Workplace>(global_);
    }
    int run();

private:
    template <class Spec, class Outcome>
    Outcome job(const char* name, const Spec& spec,
                Outcome (*body)(JobContext&, const JobFiles&, const Spec&, Workplace&));
    void branches();
    void measure(const std::string& name, const std::string& layers, const std::string& hybrid);
    void row(const std::string& name, const Plan& plan, const ProbeScores& scores);
    std::string recover();
    int show(const EvaluateOutcome& recall, const ExportOutcome& exported);

    DemoOptions options_;
    GlobalOptions global_;
    std::unique_ptr<Workplace> workplace_;
    nlohmann::json rows_ = nlohmann::json::array();
    std::string table_ = scoresHeader("plan");
};

// Runs one job with its own run file; its result comes back instead of being printed.
template <class Spec, class Outcome>
Outcome Demo::job(const char* name, const Spec& spec,
                  Outcome (*body)(JobContext&, const JobFiles&, const Spec&, Workplace&)) {
    Outcome outcome;
    const auto work = [&](JobContext& context, const JobFiles& files) {
        outcome = body(context, files, spec, *workplace_);
        return JobOutcome{};
    };
    const int code = runJob(global_, {name, runsFolder(global_), ""}, work, {});
    if (code == kExitCancelled) throw Cancelled();
    if (code != kExitDone) throw WorldError(std::string("demo: the job ") + name + " failed; its message stands above");
    return outcome;
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

void Demo::row(const std::string& name, const Plan& plan, const ProbeScores& scores) {
    nlohmann::json entry = scoresJson(scores);
    entry["name"] = name;
    entry["plan"] = planJson(plan);
    rows_.push_back(entry);
    table_ += scoresLine(name, plan, scores);
}

// On the study's default probe, which chooses nothing: every row of the table, whoever chose it, is measured there.
void Demo::measure(const std::string& name, const std::string& layers, const std::string& hybrid) {
    ProbeSpec spec;
    spec.plan.layers = layers;
    spec.hybrid = hybrid;
    const ProbeOutcome measured = job("probe", spec, runProbeJob);
    row(name, measured.plan, measured.scores);
}

std::string Demo::recover() {
    DistillSpec distill;
    distill.steps = 120;
    distill.trains = "branches";  // seconds of training: the teacher's own weights are better left alone
    distill.tokens_per_step = 2048;
    distill.branch_lr = 1e-3;
    distill.text_share = 0.1;
    return job("distill", distill, runDistillJob).hybrid;
}

int Demo::show(const EvaluateOutcome& recall, const ExportOutcome& exported) {
    const std::string& folder = exported.result.folder;
    const bool verified = verifyExport(folder).passed();
    const EvaluateScore& all = recall.result.all;
    std::string text = "\n" + table_;
    text += format("\ngenerated recall of the recovered hybrid  %.3f (%.3f to %.3f)\n", all.recall.value,
                   all.recall.low, all.recall.high);
    text += "export  " + folder + "  " + toString(exported.result.verdict.exactness) + ", verify " +
            (verified ? "passed" : "FAILED") + "\n";
    text += "study   " + options_.folder + "  (run files in runs/)\n";
    const nlohmann::json json = {{"plans", rows_},
                                 {"recall", toJson(recall)},
                                 {"export", toJson(exported)},
                                 {"verified", verified},
                                 {"study", options_.folder}};
    printResult(global_, json, text);
    return verified ? kExitDone : kExitFailed;
}

int Demo::run() {
    branches();
    GatesSpec gates;
    gates.budget = kChosen;
    gates.steps = 120;
    gates.tokens_per_step = 2048;
    gates.probe_every = 40;
    job("gates", gates, runGatesJob);
    measure("teacher", "all", "");
    measure("all-linear", "none", "");
    for (const int budget : kBudgets) {
        const PlanChoice choice{"", -1, budget, {}, ""};
        measure("FlashMorph gates", layersOption(workplace_->session().plan(choice).plan), "");
    }
    SelectSpec select;
    select.selectors = {"uniform-a", "uniform-b", "remove-one"};
    select.budgets.assign(std::begin(kBudgets), std::end(kBudgets));
    const SelectOutcome selected = job("select", select, runSelectJob);
    for (const SelectedPlan& plan : selected.result.plans) row(plan.selector, plan.plan, plan.scores);

    const std::string hybrid = recover();
    measure("recovered hybrid", "", hybrid);
    EvaluateSpec evaluate;
    evaluate.hybrid = hybrid;
    evaluate.depths = 2;
    evaluate.samples = 1;
    const EvaluateOutcome recall = job("eval", evaluate, runEvaluateJob);
    ExportSpec spec;
    spec.hybrid = hybrid;
    spec.dtype = "f32";
    return show(recall, job("export", spec, runExportJob));
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
