#include "core/engine/judge.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <map>
#include <set>

namespace fm {
namespace {

constexpr int kSubjectsTable = 0, kGroupsTable = 1, kDifferencesTable = 2, kProbesTable = 3, kSequencesTable = 4;

// The scores of some tasks of a probe, without plain text.
ProbeScores ofTasks(const ProbeScores& all, const std::vector<std::string>& tasks) {
    const std::set<std::string> wanted(tasks.begin(), tasks.end());
    std::vector<SequenceScore> sequences;
    for (const SequenceScore& s : all.sequences) {
        if (wanted.contains(s.task)) sequences.push_back(s);
    }
    return summarise(std::move(sequences), all.answer_kl_scale, 0, all.probe_id);
}

// Plans of the teacher's weights share their first layers; a hybrid with weights of its own is measured alone.
std::vector<ProbeScores> measureAll(const std::vector<JudgeSubject>& subjects, ProbeSet& probe, JobContext& context) {
    std::map<const DecoderWeights*, std::vector<std::size_t>> by_weights;
    for (std::size_t i = 0; i < subjects.size(); ++i) by_weights[subjects[i].weights].push_back(i);
    std::vector<ProbeScores> scores(subjects.size());
    const auto parts = static_cast<std::int64_t>(by_weights.size()) * probe.numEntries();
    std::int64_t groups_done = 0;
    for (const auto& [weights, members] : by_weights) {
        std::vector<Plan> plans;
        const BranchSet* branches = nullptr;
        for (const std::size_t i : members) {
            plans.push_back(subjects[i].plan);
            if (subjects[i].branches != nullptr) branches = subjects[i].branches;
        }
        PlanEvaluator evaluator(*weights, branches, probe, [&context] { context.checkpointGate(false); });
        const std::vector<ProbeScores> measured = evaluator.evaluate(plans, [&](std::int64_t done, std::int64_t) {
            context.progress(groups_done * probe.numEntries() + done, parts, "parts of the probe");
        });
        for (std::size_t k = 0; k < members.size(); ++k) scores[members[k]] = measured[k];
        ++groups_done;
    }
    return scores;
}

Row groupRow(std::int64_t subject, const char* group, const ProbeScores& s) {
    return {subject,           std::string(group), s.answer_kl.value,
            s.answer_kl.low,   s.answer_kl.high,   s.exact_match.value,
            s.exact_match.low, s.exact_match.high, s.all.teacher_exact_match,
            s.all.sequences};
}

void recordSubjects(const JudgeResult& result, JobContext& context) {
    for (std::size_t i = 0; i < result.subjects.size(); ++i) {
        const JudgedSubject& s = result.subjects[i];
        const auto row = static_cast<std::int64_t>(i);
        context.append(kSubjectsTable,
                       {s.subject.name, s.subject.hybrid, s.subject.plan.key(), std::int64_t{s.subject.plan.budget()}});
        if (s.seen.answer_kl.known()) context.append(kGroupsTable, groupRow(row, "seen", s.seen));
        if (s.unseen.answer_kl.known()) context.append(kGroupsTable, groupRow(row, "unseen", s.unseen));
        context.append(kProbesTable, probeRow(-1, s.subject.plan, s.all, ProbePurpose::Judge));
        for (const SequenceScore& score : s.all.sequences) context.append(kSequencesTable, sequenceRow(row, score));
    }
}

void recordDifferences(const JudgeResult& result, JobContext& context) {
    for (std::size_t i = 0; i < result.subjects.size(); ++i) {
        for (std::size_t j = i + 1; j < result.subjects.size(); ++j) {
            const ScoreDifference& d = result.difference[i][j];
            context.append(
                kDifferencesTable,
                {static_cast<std::int64_t>(i), static_cast<std::int64_t>(j), d.objective.value, d.objective.low,
                 d.objective.high, d.answer_kl.value, d.answer_kl.low, d.answer_kl.high, d.exact_match.value,
                 d.exact_match.low, d.exact_match.high, std::int64_t{d.differs() ? 1 : 0}});
        }
    }
}

}  // namespace

std::vector<std::size_t> JudgeResult::tiedWithBest(int budget) const {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        if (subjects[i].subject.plan.budget() == budget) members.push_back(i);
    }
    if (members.empty()) return {};
    const auto objective = [this](std::size_t i) { return planObjective(subjects[i].all, text_kl_weight); };
    const std::size_t best = *std::min_element(
        members.begin(), members.end(), [&](std::size_t a, std::size_t b) { return objective(a) < objective(b); });
    std::erase_if(members, [&](std::size_t i) { return i != best && difference[i][best].objective.excludesZero(); });
    return members;
}

std::vector<Table> judgeTables(std::int64_t num_layers) {
    const auto whole = [](const char* path, const char* help) { return Column{path, CellType::Int64, 1, "", help}; };
    const auto value = [](const char* path, const char* unit, const char* help) {
        return scalarColumn(path, unit, help);
    };
    return {{"subjects",
             {{"subjects/name", CellType::Text, 96, "", "who chose the plan, or the hybrid's name"},
              {"subjects/hybrid", CellType::Text, 32, "", "id of the hybrid; empty for a plan"},
              {"subjects/plan", CellType::Text, static_cast<int>(num_layers), "", "F full, L linear, layer 0 first"},
              whole("subjects/budget", "K, how many layers keep full attention")}},
            {"groups",
             {whole("groups/subject", "row of subjects"),
              {"groups/group", CellType::Text, 8, "", "seen: tasks like those of training; unseen: other families"},
              value("groups/answer_kl", "nat", "mean over the group's tasks"),
              value("groups/answer_kl_low", "nat", "lower end of its 95 % interval"),
              value("groups/answer_kl_high", "nat", "upper end of its 95 % interval"),
              value("groups/exact_match", "1", "mean over the group's tasks"),
              value("groups/exact_match_low", "1", "lower end of its 95 % interval"),
              value("groups/exact_match_high", "1", "upper end of its 95 % interval"),
              value("groups/teacher_exact_match", "1", "the teacher's own"),
              whole("groups/sequences", "sequences with answers")}},
            {"differences",
             {whole("differences/first", "row of subjects"), whole("differences/second", "row of subjects"),
              value("differences/objective", "nat", "first minus second, paired by sequence"),
              value("differences/objective_low", "nat", "lower end of its 95 % interval"),
              value("differences/objective_high", "nat", "upper end of its 95 % interval"),
              value("differences/answer_kl", "nat", "first minus second, paired by sequence"),
              value("differences/answer_kl_low", "nat", "lower end of its 95 % interval"),
              value("differences/answer_kl_high", "nat", "upper end of its 95 % interval"),
              value("differences/exact_match", "1", "first minus second, paired by sequence"),
              value("differences/exact_match_low", "1", "lower end of its 95 % interval"),
              value("differences/exact_match_high", "1", "upper end of its 95 % interval"),
              whole("differences/differs", "1: answers or text tell the two apart")}},
            probeTable(num_layers),
            sequenceTable()};
}

JudgeResult runJudge(const JudgeSpec& spec, const std::vector<JudgeSubject>& subjects, ProbeSet& probe,
                     JobContext& context) {
    const c10::NoGradGuard no_grad;
    JudgeResult result;
    result.text_kl_weight = spec.text_kl_weight;
    const std::vector<ProbeScores> scores = measureAll(subjects, probe, context);
    for (std::size_t i = 0; i < subjects.size(); ++i)
        result.subjects.push_back(
            {subjects[i], scores[i], ofTasks(scores[i], spec.tasks), ofTasks(scores[i], spec.unseen)});
    result.difference.resize(subjects.size());
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        for (std::size_t j = 0; j < subjects.size(); ++j)
            result.difference[i].push_back(compareScores(scores[i], scores[j], spec.text_kl_weight));
    }
    recordSubjects(result, context);
    recordDifferences(result, context);
    return result;
}

}  // namespace fm
