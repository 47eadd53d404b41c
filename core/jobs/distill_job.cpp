#include "core/jobs/distill_job.h"

#include "core/jobs/job_setup.h"
#include "core/jobs/keep_hybrid.h"
#include "core/plan/plan_json.h"

namespace fm {

nlohmann::json toJson(const DistillOutcome& outcome) {
    return {{"run", outcome.run_id}, {"hybrid", outcome.hybrid}, {"plan", planJson(outcome.plan)}};
}

DistillOutcome runDistillJob(JobContext& context, const JobFiles& files, const DistillSpec& given,
                             Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    DistillSpec spec = given;
    session.fillTasks(spec);
    if (spec.tune_lengths.empty()) spec.tune_lengths = spec.lengths;
    const BranchSet branches = setup.fillBranches(spec.branches);
    const Plan plan = setup.fillPlan(spec.plan);
    const std::uint64_t seed = static_cast<std::uint64_t>(spec.seed);
    const auto batches = [&](const std::vector<int>& lengths, std::uint64_t data_seed) {
        return session.batches(retrievalMix(session, spec.tasks, lengths, spec.text_share, spec.tokens_per_step),
                               data_seed);
    };
    DistillInputs inputs;
    inputs.teacher = &session.weights();
    inputs.branches = &branches;
    inputs.plan = plan;
    inputs.distill = batches(spec.lengths, seed);
    inputs.tune = batches(spec.tune_lengths, seed + 1);
    inputs.checkpoint_path = files.checkpoint_path;

    setup.open("distill", spec, {branches.id, spec.plan.run}, distillTables());
    const RecoveredHybrid hybrid = runDistill(spec, inputs, context);
    const std::string id = keepHybrid(session, hybrid, spec.name, {files.run_id, spec.plan.run, branches.id});
    return {files.run_id, id, plan};
}

}  // namespace fm
