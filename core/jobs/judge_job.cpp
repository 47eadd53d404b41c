#include "core/jobs/judge_job.h"

#include "core/base/json_number.h"
#include "core/jobs/job_setup.h"
#include "core/jobs/judge_subjects.h"
#include "core/plan/plan_json.h"

namespace fm {

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

}  // namespace

nlohmann::json toJson(const JudgeOutcome& outcome) {
    const JudgeResult& result = outcome.result;
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
    json["run"] = outcome.run_id;
    json["tasks"] = outcome.tasks;
    json["unseen"] = outcome.unseen;
    return json;
}

JudgeOutcome runJudgeJob(JobContext& context, const JobFiles& files, const JudgeSpec& given, Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    JudgeSpec spec = given;
    session.fillTasks(spec);
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
    setup.open("judge", spec, judged.parents, judgeTables(session.config().num_layers));
    JudgeOutcome outcome{files.run_id, spec.tasks, spec.unseen, runJudge(spec, judged.subjects, *probe, context)};
    for (JudgedSubject& judged_subject : outcome.result.subjects) {
        judged_subject.subject.weights = nullptr;
        judged_subject.subject.branches = nullptr;
    }
    return outcome;
}

}  // namespace fm
