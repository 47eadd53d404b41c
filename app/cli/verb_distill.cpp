// flashmorph distill: recovers a hybrid. flashmorph eval: generation-based retrieval of a plan or hybrid.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/keep_hybrid.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"

namespace fm::cli {

namespace {

BatchMix distillMix(const DistillSpec& spec, const std::vector<int>& lengths, bool has_text) {
    BatchMix mix;
    const double text = has_text ? spec.text_share : 0;
    for (const std::string& task : spec.tasks)
        mix.tasks.push_back({task, (1 - text) / static_cast<double>(spec.tasks.size())});
    if (text > 0) mix.tasks.push_back({"text", text});
    mix.lengths.assign(lengths.begin(), lengths.end());
    mix.tokens_per_batch = static_cast<std::int32_t>(spec.tokens_per_step);
    return mix;
}

}  // namespace

JobOutcome runDistillJob(JobContext& context, const JobFiles& files, const DistillSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    DistillSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    if (spec.tune_lengths.empty()) spec.tune_lengths = spec.lengths;
    const BranchSet branches = session.branches(spec.branches);
    const StudySession::ChosenPlan chosen = session.plan(spec.plan);
    spec.branches = branches.id;
    spec.plan.run = chosen.run_id;  // "the newest" means another run later
    const bool has_text = session.resources().corpus != nullptr;
    const std::uint64_t seed = static_cast<std::uint64_t>(spec.seed);
    DistillInputs inputs;
    inputs.teacher = &session.weights();
    inputs.branches = &branches;
    inputs.plan = chosen.plan;
    inputs.distill = session.batches(distillMix(spec, spec.lengths, has_text), seed);
    inputs.tune = session.batches(distillMix(spec, spec.tune_lengths, has_text), seed + 1);
    inputs.checkpoint_path = files.checkpoint_path;

    openStudyRun(context, session, files, "distill", specToJson(spec), {branches.id, chosen.run_id}, distillTables());
    const RecoveredHybrid hybrid = runDistill(spec, inputs, context);
    const std::string id = keepHybrid(session, hybrid, spec.name, {files.run_id, chosen.run_id, branches.id});
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id}, {"hybrid", id}, {"plan", planJson(chosen.plan)}};
    outcome.text = "hybrid  " + id + "\nfull layers  " + layersText(chosen.plan) + "\n";
    return outcome;
}

JobOutcome runEvaluateJob(JobContext& context, const JobFiles& files, const EvaluateSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    EvaluateSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    RecoveredHybrid hybrid;
    StudySession::ChosenPlan chosen;
    if (!spec.hybrid.empty()) {
        hybrid = session.hybrid(spec.hybrid);
    } else {
        chosen = session.plan(spec.plan);
        const bool all_full = chosen.plan.budget() == static_cast<int>(chosen.plan.kinds.size());
        hybrid = {session.weights(), all_full ? BranchSet{} : session.branches(spec.branches), chosen.plan};
        spec.plan.run = chosen.run_id;
        spec.branches = hybrid.branches.id;
    }
    EvaluateInputs inputs;
    inputs.model = {&hybrid.weights, &hybrid.branches, hybrid.plan};
    inputs.resources = session.resources();
    openStudyRun(context, session, files, "eval", specToJson(spec), {spec.hybrid, chosen.run_id, hybrid.branches.id},
                 evaluateTables());
    const EvaluateResult result = runEvaluate(spec, inputs, context);
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id},
                    {"recall", result.recall},
                    {"recall_half_width", result.half_width},
                    {"exact_match", result.exact_match},
                    {"answers", result.samples},
                    {"cells", nlohmann::json::array()},
                    {"plan", planJson(hybrid.plan)}};
    outcome.text = "task            tokens  depth  recall  exact\n";
    for (const EvaluateCell& cell : result.cells) {
        outcome.json["cells"].push_back({{"task", cell.task},
                                         {"tokens", cell.tokens},
                                         {"depth", cell.depth},
                                         {"recall", cell.recall},
                                         {"exact_match", cell.exact_match},
                                         {"answers", cell.samples}});
        outcome.text += format("%-14s %7d  %5.2f  %6.3f  %5.3f\n", cell.task.c_str(), cell.tokens, cell.depth,
                               cell.recall, cell.exact_match);
    }
    outcome.text += format("recall %.3f +- %.3f  exact %.3f  (%lld answers)\n", result.recall, result.half_width,
                           result.exact_match, static_cast<long long>(result.samples));
    return outcome;
}

void addDistillVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<DistillSpec>(
        app, cli,
        {.name = "distill", .help = "recover a hybrid by logit distillation from the teacher", .run = runDistillJob});
}

void addEvalVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<EvaluateSpec>(app, cli,
                             {.name = "eval",
                              .help = "generation-based retrieval over depth and length, every sample stored",
                              .run = runEvaluateJob});
}

}  // namespace fm::cli
