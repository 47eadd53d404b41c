#include "core/jobs/eval_job.h"

#include "core/jobs/job_setup.h"
#include "core/plan/plan_json.h"

namespace fm {

namespace {

// The members of a score, beside those that `json` has.
void putScore(nlohmann::json& json, const EvaluateScore& score) {
    json["recall"] = score.recall.value;
    json["recall_low"] = score.recall.low;
    json["recall_high"] = score.recall.high;
    json["exact_match"] = score.exact_match;
    json["sequences"] = score.recall.n;
    if (score.teacher_recall) json["teacher_recall"] = *score.teacher_recall;
}

// What is evaluated, with the choices of the spec filled in.
RecoveredHybrid subjectOf(const JobSetup& setup, EvaluateSpec& spec) {
    if (!spec.hybrid.empty()) return setup.session.hybrid(spec.hybrid);
    const Plan plan = setup.fillPlan(spec.plan);
    if (plan.hasLinearLayer()) return {setup.session.weights(), setup.fillBranches(spec.branches), plan};
    spec.branches.clear();  // the teacher as it is needs none
    return {setup.session.weights(), BranchSet{}, plan};
}

}  // namespace

nlohmann::json toJson(const EvaluateOutcome& outcome) {
    const EvaluateResult& result = outcome.result;
    nlohmann::json json = {{"cells", nlohmann::json::array()}, {"tasks", nlohmann::json::array()}};
    putScore(json, result.all);
    json["questions"] = result.all.recall.n;
    for (const EvaluateCell& cell : result.cells) {
        json["cells"].push_back({{"task", cell.task}, {"tokens", cell.tokens}, {"depth", cell.depth}});
        putScore(json["cells"].back(), cell.score);
    }
    for (const EvaluateTask& task : result.tasks) {
        json["tasks"].push_back({{"task", task.task}});
        putScore(json["tasks"].back(), task.score);
    }
    json["run"] = outcome.run_id;
    json["plan"] = planJson(outcome.plan);
    json["chat_family"] = outcome.chat_family;
    return json;
}

EvaluateOutcome runEvaluateJob(JobContext& context, const JobFiles& files, const EvaluateSpec& given,
                               Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    EvaluateSpec spec = given;
    session.fillTasks(spec);
    const RecoveredHybrid hybrid = subjectOf(setup, spec);
    const bool is_teacher = spec.hybrid.empty() && !hybrid.plan.hasLinearLayer();
    EvaluateInputs inputs;
    inputs.model = {&hybrid.weights, &hybrid.branches, hybrid.plan};
    inputs.resources = session.resources();
    inputs.teacher = spec.with_teacher && !is_teacher ? &session.weights() : nullptr;
    const std::string run = spec.hybrid.empty() ? spec.plan.run : std::string();
    setup.open("eval", spec, {spec.hybrid, run, hybrid.branches.id}, evaluateTables(inputs.teacher != nullptr));
    return {files.run_id, hybrid.plan, inputs.resources.chat_family, runEvaluate(spec, inputs, context)};
}

}  // namespace fm
