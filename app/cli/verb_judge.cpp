// flashmorph judge: the plans and hybrids of a study on one large common probe that chose nothing.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/judge_subjects.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/verbs.h"
#include "core/base/json_number.h"
#include "core/plan/plan_spelling.h"

namespace fm::cli {

namespace {

nlohmann::json judgeEstimateJson(const Estimate& e) {
    if (!e.known()) return nullptr;
    return {{"value", numberToJson(e.value)}, {"low", numberToJson(e.low)}, {"high", numberToJson(e.high)}, {"n", e.n}};
}

nlohmann::json judgeGroupJson(const ProbeScores& s) {
    return {{"answer_kl", judgeEstimateJson(s.answer_kl)},
            {"exact_match", judgeEstimateJson(s.exact_match)},
            {"teacher_exact_match", numberToJson(s.all.teacher_exact_match)}};
}

nlohmann::json judgeJson(const JudgeResult& result) {
    nlohmann::json json = {{"subjects", nlohmann::json::array()}, {"differences", nlohmann::json::array()}};
    for (const JudgedSubject& s : result.subjects) {
        nlohmann::json entry = scoresJson(s.all);
        entry["name"] = s.subject.name;
        entry["hybrid"] = s.subject.hybrid;
        entry["plan"] = planJson(s.subject.plan);
        entry["seen"] = judgeGroupJson(s.seen);
        entry["unseen"] = judgeGroupJson(s.unseen);
        json["subjects"].push_back(entry);
    }
    for (std::size_t i = 0; i < result.subjects.size(); ++i) {
        for (std::size_t j = i + 1; j < result.subjects.size(); ++j) {
            const ScoreDifference& d = result.difference[i][j];
            json["differences"].push_back({{"first", i},
                                           {"second", j},
                                           {"objective", judgeEstimateJson(d.objective)},
                                           {"answer_kl", judgeEstimateJson(d.answer_kl)},
                                           {"exact_match", judgeEstimateJson(d.exact_match)},
                                           {"text_kl", judgeEstimateJson(d.text_kl)},
                                           {"differs", d.differs()}});
        }
    }
    return json;
}

// A star marks what the best of its budget is not told apart from.
std::string judgeText(const JudgeResult& result) {
    std::size_t width = 4;
    for (const JudgedSubject& s : result.subjects) width = std::max(width, s.subject.name.size());
    std::string text = format("%-*s  %3s    %-27s  %-22s  %-27s  %-22s  %-27s  %s\n", static_cast<int>(width), "name",
                              "K", "answer KL (95 %)", "exact match (95 %)", "unseen: answer KL (95 %)",
                              "exact match (95 %)", "text KL (95 %)", "full layers");
    for (std::size_t i = 0; i < result.subjects.size(); ++i) {
        const JudgedSubject& s = result.subjects[i];
        const std::vector<std::size_t> tied = result.tiedWithBest(s.subject.plan.budget());
        const bool star = std::find(tied.begin(), tied.end(), i) != tied.end();
        text += format("%-*s  %3d %s  %-27s  %-22s  %-27s  %-22s  %-27s  %s\n", static_cast<int>(width),
                       s.subject.name.c_str(), s.subject.plan.budget(), star ? "*" : " ",
                       estimateText(s.seen.answer_kl, 4).c_str(), estimateText(s.seen.exact_match, 3).c_str(),
                       estimateText(s.unseen.answer_kl, 4).c_str(), estimateText(s.unseen.exact_match, 3).c_str(),
                       estimateText(s.all.text_kl, 4).c_str(), layersText(s.subject.plan).c_str());
    }
    if (result.subjects.empty()) return text;
    const JudgedSubject& first = result.subjects.front();
    text += format(
        "* not told apart from the best of its budget by the paired 95 %% interval of answer KL over all tasks + "
        "%.2f text KL\nteacher: exact match %.3f, unseen %.3f; %lld sequences with answers, %lld of text\n",
        result.text_kl_weight, first.seen.all.teacher_exact_match, first.unseen.all.teacher_exact_match,
        static_cast<long long>(first.all.all.sequences), static_cast<long long>(first.all.text_kl.n));
    return text;
}

}  // namespace

JobOutcome runJudgeJob(JobContext& context, const JobFiles& files, const JudgeSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    JudgeSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    spec.unseen = unseenTasks(spec.unseen, spec.tasks, spec.lengths, session);
    std::vector<std::string> all_tasks = spec.tasks;
    all_tasks.insert(all_tasks.end(), spec.unseen.begin(), spec.unseen.end());
    if (spec.sequences == 0)
        spec.sequences = 4 * probeSequences(all_tasks.size(), {spec.lengths.begin(), spec.lengths.end()});
    JudgedStudy judged;
    collectSubjects(spec, session, judged);
    spec.branches = judged.branches.id;
    const std::shared_ptr<ProbeSet> probe =
        session.probeSet(all_tasks, spec.lengths, spec.sequences, ProbePurpose::Judge, spec.seed);
    openStudyRun(context, session, files, "judge", specToJson(spec), judged.parents,
                 judgeTables(session.config().num_layers));
    const JudgeResult result = runJudge(spec, judged.subjects, *probe, context);
    JobOutcome outcome;
    outcome.json = judgeJson(result);
    outcome.json["run"] = files.run_id;
    outcome.json["tasks"] = spec.tasks;
    outcome.json["unseen"] = spec.unseen;
    outcome.text = judgeText(result);
    return outcome;
}

void addJudgeVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<JudgeSpec>(app, cli,
                          {.name = "judge",
                           .help = "hold the plans and hybrids of a study against each other on one large unseen probe",
                           .run = runJudgeJob});
}

}  // namespace fm::cli
