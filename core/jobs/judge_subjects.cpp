#include "core/jobs/judge_subjects.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/joined.h"
#include "core/plan/discretise.h"
#include "core/plan/gate_plan.h"
#include "core/plan/plan_spelling.h"
#include "core/results/gate_run_plan.h"
#include "core/store/recorded_run.h"

namespace fm {
namespace {

const char* const kForms = "all-linear, uniform-a@K, uniform-b@K, layers:4 8, run:ID or hybrid:ID";

// Names by plan: a plan that several rules chose is judged once.
using NamedPlans = std::map<std::string, std::set<std::string>>;

// "mk8q4" and "mk16" are one family: everything before the first digit.
std::string familyOf(const std::string& task) { return task.substr(0, task.find_first_of("0123456789")); }

void addPlan(const Plan& plan, const std::string& name, NamedPlans& plans) { plans[plan.key()].insert(name); }

void addGateRun(const Study& study, const std::string& run, NamedPlans& plans, std::vector<std::string>& parents) {
    addPlan(planOfRun(study.runPath(run), PlanChoice{run, -1, -1, {}, ""}, {}), "gates", plans);
    parents.push_back(run);
}

// Every plan that a finished gate run or a rule of a selection chose.
void addChosenPlans(const Study& study, NamedPlans& plans, std::vector<std::string>& parents) {
    for (const std::string& path : study.runPaths()) {
        const RunSummary summary = summarizeRun(path);
        if (!summary.problem.empty()) continue;
        if (summary.job == "gates" && summary.state == RunState::Finished)
            addGateRun(study, summary.run_id, plans, parents);
        if (summary.job != "select") continue;
        const std::unique_ptr<RecordedRun> run = openRecordedRun(path);
        const std::vector<std::string> keys = run->readTexts("plans/plan"), rules = run->readTexts("plans/selector");
        for (std::size_t i = 0; i < std::min(keys.size(), rules.size()); ++i)
            addPlan(planFromKey(keys[i]), rules[i], plans);
        parents.push_back(summary.run_id);
    }
}

int budgetIn(const std::string& text, int num_layers, const std::string& subject) {
    int budget = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), budget);
    if (error != std::errc() || end != text.data() + text.size() || budget < 1 || budget > num_layers)
        throw InputError(Problem{"subjects", subject, "a budget from 1 to " + std::to_string(num_layers)});
    return budget;
}

void addNamed(const std::string& subject, StudySession& session, NamedPlans& plans, JudgedStudy& judged,
              std::vector<std::string>& hybrids) {
    const int num_layers = static_cast<int>(session.config().num_layers);
    const auto after = [&subject](const char* start) { return subject.substr(std::string(start).size()); };
    if (subject == "all-linear") {
        return;  // always there
    } else if (subject.starts_with("uniform-a@")) {
        addPlan(uniformA(num_layers, budgetIn(after("uniform-a@"), num_layers, subject)), "uniform-a", plans);
    } else if (subject.starts_with("uniform-b@")) {
        addPlan(uniformB(num_layers, budgetIn(after("uniform-b@"), num_layers, subject)), "uniform-b", plans);
    } else if (subject.starts_with("layers:")) {
        std::string layers = after("layers:");
        std::replace(layers.begin(), layers.end(), ' ', ',');
        addPlan(planFromLayers(layers, num_layers), "by hand", plans);
    } else if (subject.starts_with("run:")) {
        addGateRun(session.study(), after("run:"), plans, judged.parents);
    } else if (subject.starts_with("hybrid:")) {
        hybrids.push_back(after("hybrid:"));
    } else {
        throw InputError(Problem{"subjects", subject, kForms});
    }
}

std::string shortList(const std::set<std::string>& names) {
    const std::string text = joinedWords(names);
    return text.size() <= 96 ? text : text.substr(0, 93) + "...";
}

std::string hybridName(const Study& study, const std::string& id) {
    const auto label = study.info().labels.find(id);
    const bool named = label != study.info().labels.end() && !label->second.name.empty();
    return "recovered " + (named ? label->second.name : id.substr(0, 8));
}

}  // namespace

void collectSubjects(const JudgeSpec& spec, StudySession& session, JudgedStudy& judged) {
    const Study& study = session.study();
    NamedPlans plans;
    std::vector<std::string> hybrids;
    if (spec.subjects.empty()) {
        addChosenPlans(study, plans, judged.parents);
        for (const auto& [id, artifact] : study.info().artifacts) {
            if (artifact.kind == ArtifactKind::Hybrid) hybrids.push_back(id);
        }
    }
    for (const std::string& subject : spec.subjects) addNamed(subject, session, plans, judged, hybrids);
    plans[std::string(static_cast<std::size_t>(session.config().num_layers), 'L')] = {"all-linear"};
    judged.branches = session.branches(spec.branches);
    judged.parents.push_back(judged.branches.id);
    for (const auto& [key, names] : plans) {
        if (static_cast<std::int64_t>(key.size()) != session.config().num_layers)
            throw InputError(Problem{"subjects", shortList(names) + " (" + key + ")",
                                     "plans of this teacher; a run of another one is among the runs of the study"});
        judged.subjects.push_back({shortList(names), "", planFromKey(key), &session.weights(), &judged.branches});
    }
    for (const std::string& id : hybrids) {
        judged.hybrids.push_back(session.hybrid(id));
        const RecoveredHybrid& hybrid = judged.hybrids.back();
        judged.subjects.push_back({hybridName(study, id), id, hybrid.plan, &hybrid.weights, &hybrid.branches});
        judged.parents.push_back(id);
    }
    std::stable_sort(judged.subjects.begin(), judged.subjects.end(), [](const JudgeSubject& a, const JudgeSubject& b) {
        return std::make_pair(a.plan.budget(), a.name) < std::make_pair(b.plan.budget(), b.name);
    });
}

std::vector<std::string> unseenTasks(const std::vector<std::string>& wanted, const std::vector<std::string>& tasks,
                                     const std::vector<int>& lengths, StudySession& session) {
    if (!wanted.empty()) return wanted;
    std::set<std::string> used;
    for (const std::string& task : tasks) used.insert(familyOf(task));
    for (const std::string& path : session.study().runPaths()) {
        const RunSummary summary = summarizeRun(path);
        if (summary.job != "gates" && summary.job != "distill" && summary.job != "align") continue;
        const nlohmann::json spec = nlohmann::json::parse(summary.spec_json, nullptr, false);
        if (!spec.is_object() || !spec.contains("tasks") || !spec["tasks"].is_array()) continue;
        for (const nlohmann::json& task : spec["tasks"]) {
            if (task.is_string()) used.insert(familyOf(task.get<std::string>()));
        }
    }
    std::vector<std::string> unseen;
    for (const std::string& task : session.unseenCandidates()) {
        if (used.contains(familyOf(task))) continue;
        try {
            ProbeSource({{task}, lengths, 1, "judge", 0}, session.resources());
            unseen.push_back(task);
        } catch (const InputError&) {
            // A family that this teacher's context or text cannot hold is not judged; those that are stand in the spec.
        }
    }
    return unseen;
}

}  // namespace fm
