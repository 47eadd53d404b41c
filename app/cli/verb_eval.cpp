// flashmorph eval: generation-based retrieval of a plan or hybrid.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"

namespace fm::cli {

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

std::string scoreText(const EvaluateScore& score) {
    const std::string teacher = score.teacher_recall ? format("  %7.3f", *score.teacher_recall) : std::string();
    return format("  %6.3f  %5.3f to %5.3f%s  %10.3f  %9lld\n", score.recall.value, score.recall.low, score.recall.high,
                  teacher.c_str(), score.exact_match, static_cast<long long>(score.recall.n));
}

std::string scoresText(const EvaluateResult& result, const std::string& chat_family) {
    const char* const teacher = result.all.teacher_recall ? "  teacher" : "";
    std::string text = format("%-16s  %6s  %5s  %6s  %-14s%s  %10s  %9s\n", "task", "tokens", "depth", "recall", "95 %",
                              teacher, "exact form", "sequences");
    for (const EvaluateCell& cell : result.cells)
        text += format("%-16s  %6d  %5.2f", cell.task.c_str(), cell.tokens, cell.depth) + scoreText(cell.score);
    for (const EvaluateTask& task : result.tasks)
        text += format("%-16s  %6s  %5s", task.task.c_str(), "all", "all") + scoreText(task.score);
    text += format("%-16s  %6s  %5s", "mean over tasks", "all", "all") + scoreText(result.all);
    return text + "prompts: " + (chat_family.empty() ? "base (plain text)" : "chat (" + chat_family + ")") + "\n";
}

nlohmann::json recallJson(const EvaluateResult& result) {
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
    return json;
}

}  // namespace

JobOutcome runEvaluateJob(JobContext& context, const JobFiles& files, const EvaluateSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    EvaluateSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    RecoveredHybrid hybrid;
    StudySession::ChosenPlan chosen;
    bool is_teacher = false;
    if (!spec.hybrid.empty()) {
        hybrid = session.hybrid(spec.hybrid);
    } else {
        chosen = session.plan(spec.plan);
        is_teacher = chosen.plan.budget() == static_cast<int>(chosen.plan.kinds.size());
        hybrid = {session.weights(), is_teacher ? BranchSet{} : session.branches(spec.branches), chosen.plan};
        spec.plan.run = chosen.run_id;
        spec.branches = hybrid.branches.id;
    }
    EvaluateInputs inputs;
    inputs.model = {&hybrid.weights, &hybrid.branches, hybrid.plan};
    inputs.resources = session.resources();
    inputs.teacher = spec.with_teacher && !is_teacher ? &session.weights() : nullptr;
    openStudyRun(context, session, files, "eval", specToJson(spec), {spec.hybrid, chosen.run_id, hybrid.branches.id},
                 evaluateTables(inputs.teacher != nullptr));
    const EvaluateResult result = runEvaluate(spec, inputs, context);
    JobOutcome outcome;
    outcome.json = recallJson(result);
    outcome.json["run"] = files.run_id;
    outcome.json["plan"] = planJson(hybrid.plan);
    outcome.json["chat_family"] = inputs.resources.chat_family;
    outcome.text = scoresText(result, inputs.resources.chat_family);
    return outcome;
}

void addEvalVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<EvaluateSpec>(app, cli,
                             {.name = "eval",
                              .help = "generation-based retrieval over depth and length, every sample stored",
                              .run = runEvaluateJob});
}

}  // namespace fm::cli
