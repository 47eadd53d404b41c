// flashmorph distill: recovers a hybrid.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/keep_hybrid.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/plan/plan_spelling.h"

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

void addDistillVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<DistillSpec>(
        app, cli,
        {.name = "distill", .help = "recover a hybrid by logit distillation from the teacher", .run = runDistillJob});
}

}  // namespace fm::cli
