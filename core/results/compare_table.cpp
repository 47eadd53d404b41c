#include "core/results/compare_table.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>
#include <tuple>

#include "core/base/error.h"
#include "core/base/field_list.h"
#include "core/plan/gate_plan.h"
#include "core/plan/plan_choice.h"
#include "core/plan/plan_spelling.h"
#include "core/results/gate_run_plan.h"
#include "core/store/recorded_run.h"

namespace fm {

namespace {

bool isTeacher(const ComparedRow& row) { return row.hybrid.empty() && !row.plan.hasLinearLayer(); }
bool isAllLinear(const ComparedRow& row) { return row.hybrid.empty() && row.plan.budget() == 0; }

// "A", "B", ..., "Z", "AA", ...
std::string letters(std::size_t index, char first) {
    std::string text;
    for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26)
        text.insert(text.begin(), static_cast<char>(first + static_cast<char>((rest - 1) % 26)));
    return text;
}

// Settings in the order they are met, each with its letter.
class Legend {
public:
    explicit Legend(char first) : first_(first) {}
    std::string letterOf(const nlohmann::json& setting) {
        const auto found = letters_.find(setting.dump());
        if (found != letters_.end()) return found->second;
        const std::string letter = letters(letters_.size(), first_);
        settings_[letter] = setting;
        return letters_[setting.dump()] = letter;
    }
    const std::map<std::string, nlohmann::json>& settings() const { return settings_; }

private:
    char first_;
    std::map<std::string, std::string> letters_;
    std::map<std::string, nlohmann::json> settings_;
};

// Who a plan or hybrid is, without what was measured of it.
struct Subject {
    std::string hybrid, branches;
    Plan plan;
    std::string key() const { return hybrid.empty() ? plan.key() + "@" + branches : hybrid; }
};

// What the spec of an eval says about its subject.
struct EvaluatedSpec {
    PlanChoice plan;
    std::string hybrid;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        PlanChoice::forEachField(s.plan, visit);
        visit(s.hybrid, FieldInfo{.name = "hybrid", .unit = "", .help = "recovered hybrid, instead of a plan"});
    }
};

class Comparison {
public:
    Comparison(const Study& study, int num_layers) : study_(study), num_layers_(num_layers) {}

    void add(const std::string& path);
    ComparedTable finish(const std::vector<std::string>& hybrids);

private:
    void addMeasured(const RecordedRun& run, const nlohmann::json& spec, const Subject& subject,
                     const std::string& chosen_by, std::int64_t at);
    void addProbe(const RecordedRun& run, const nlohmann::json& spec);
    void addGates(const RecordedRun& run, const nlohmann::json& spec);
    void addSelect(const RecordedRun& run, const nlohmann::json& spec);
    void addJudge(const RecordedRun& run, const nlohmann::json& spec);
    void addEval(const RecordedRun& run, const nlohmann::json& spec);
    ComparedRow& rowOf(const RecordedRun& run, const Subject& subject, const std::string& chosen_by,
                       const nlohmann::json& probe);
    void noteName(const Subject& subject, const std::string& chosen_by);
    Subject planSubject(const RecordedRun& run, const Plan& plan) const;
    Plan evaluatedPlan(const RecordedRun& run, const EvaluatedSpec& spec) const;
    std::string chosenBy(const RecordedRun& run) const;
    void attachEvals();
    void nameRows();

    struct EvalResult {
        Subject subject;
        Estimate recall;
        std::string letter, run_id;
    };

    const Study& study_;
    const int num_layers_;
    ComparedTable table_;
    Legend probes_{'A'}, evals_{'a'};
    std::map<std::pair<std::string, std::string>, std::size_t> index_;  // (subject, probe letter) -> row
    std::map<std::string, std::set<std::string>> names_;                // by subject
    std::map<std::string, EvalResult> eval_results_;                    // by subject: the newest
};

nlohmann::json settingOf(const nlohmann::json& spec, std::initializer_list<const char*> fields) {
    nlohmann::json setting = nlohmann::json::object();
    for (const char* field : fields)
        if (spec.contains(field)) setting[field] = spec.at(field);
    return setting;
}

double numberAt(const RecordedRun& run, const std::string& column, std::int64_t row) {
    return run.readNumbers(column, row, 1).at(0);
}

Estimate estimateAt(const RecordedRun& run, const std::string& name, const char* count, std::int64_t row) {
    const auto value = [&](const char* end) { return numberAt(run, "probes/" + name + end, row); };
    return {value(""), value("_low"), value("_high"),
            static_cast<std::int64_t>(numberAt(run, std::string("probes/") + count, row))};
}

// Rows recorded before probes had an identity say neither what they measured nor how sure they are.
bool isComparable(const RecordedRun& run) { return run.has("probes/identity"); }

void Comparison::noteName(const Subject& subject, const std::string& chosen_by) {
    if (!chosen_by.empty()) names_[subject.key()].insert(chosen_by);
}

ComparedRow& Comparison::rowOf(const RecordedRun& run, const Subject& subject, const std::string& chosen_by,
                               const nlohmann::json& probe) {
    noteName(subject, chosen_by);
    const std::string letter = probe.is_null() ? "" : probes_.letterOf(probe);
    const auto [place, is_new] = index_.try_emplace({subject.key(), letter}, table_.rows.size());
    if (is_new) {
        ComparedRow row;
        row.hybrid = subject.hybrid;
        row.branches = subject.branches;
        row.plan = subject.plan;
        row.probe = letter;
        table_.rows.push_back(row);
    }
    ComparedRow& row = table_.rows[place->second];
    const std::string& id = run.header().run_id;
    if (std::find(row.runs.begin(), row.runs.end(), id) == row.runs.end()) row.runs.push_back(id);
    return row;
}

Subject Comparison::planSubject(const RecordedRun& run, const Plan& plan) const {
    Subject subject{"", "", plan};
    if (!plan.hasLinearLayer()) return subject;  // the teacher has no branches
    for (const std::string& parent : run.header().parents) {
        const auto artifact = study_.info().artifacts.find(parent);
        if (artifact != study_.info().artifacts.end() && artifact->second.kind == ArtifactKind::BranchSet)
            subject.branches = parent;
    }
    return subject;
}

// "gates" or "gates (paper)" when the plan comes from a gate run; "" for layers by hand.
std::string Comparison::chosenBy(const RecordedRun& run) const {
    for (const std::string& parent : run.header().parents) {
        const std::string path = study_.runPath(parent);
        if (!std::filesystem::is_regular_file(path)) continue;
        const RunSummary summary = summarizeRun(path);
        if (!summary.problem.empty() || summary.job != "gates") continue;
        const nlohmann::json spec = nlohmann::json::parse(summary.spec_json, nullptr, false);
        return spec.is_object() && spec.value("mode", "") == "paper" ? "gates (paper)" : "gates";
    }
    return "";
}

// Row `at` of "probes": only complete measurements. What chose a plan does not measure it.
void Comparison::addMeasured(const RecordedRun& run, const nlohmann::json& spec, const Subject& subject,
                             const std::string& chosen_by, std::int64_t at) {
    const std::string purpose = run.readTexts("probes/purpose", at, 1).at(0);
    if (purpose != "measure" && purpose != "judge") return;
    const double measured = numberAt(run, "probes/sequences", at) + numberAt(run, "probes/text_sequences", at);
    if (measured < numberAt(run, "probes/planned_sequences", at)) return;
    nlohmann::json probe = settingOf(spec, {"tasks", "unseen", "lengths", "seed"});
    probe["identity"] = run.readTexts("probes/identity", at, 1).at(0);
    probe["sequences"] = numberAt(run, "probes/planned_sequences", at);
    ComparedRow& row = rowOf(run, subject, chosen_by, probe);
    row.answer_kl = estimateAt(run, "answer_kl", "sequences", at);
    row.exact_match = estimateAt(run, "exact_match", "sequences", at);
    row.text_kl = estimateAt(run, "text_kl", "text_sequences", at);
}

void Comparison::addProbe(const RecordedRun& run, const nlohmann::json& spec) {
    if (!isComparable(run)) return;
    const std::vector<std::string> plans = run.readTexts("probes/plan");
    const std::string hybrid = spec.value("hybrid", "");
    for (std::size_t i = 0; i < plans.size(); ++i) {
        Subject subject = planSubject(run, planFromKey(plans[i]));
        if (!hybrid.empty()) subject = {hybrid, "", subject.plan};
        addMeasured(run, spec, subject, chosenBy(run), static_cast<std::int64_t>(i));
    }
}

// The plan a gate run ended with is known by that name wherever it was measured.
void Comparison::addGates(const RecordedRun& run, const nlohmann::json& spec) {
    const std::vector<std::string> plans = run.readTexts("probes/plan");
    if (plans.empty() || run.state() != RunState::Finished) return;
    noteName(planSubject(run, planFromKey(plans.back())),
             spec.value("mode", "") == "paper" ? "gates (paper)" : "gates");
}

void Comparison::addSelect(const RecordedRun& run, const nlohmann::json& spec) {
    if (!isComparable(run)) return;
    const std::vector<std::string> plans = run.readTexts("plans/plan"), selectors = run.readTexts("plans/selector");
    const std::size_t rows = std::min(plans.size(), static_cast<std::size_t>(run.rows("probes")));
    for (std::size_t i = 0; i < rows; ++i)
        addMeasured(run, spec, planSubject(run, planFromKey(plans[i])), selectors[i], static_cast<std::int64_t>(i));
}

void Comparison::addJudge(const RecordedRun& run, const nlohmann::json& spec) {
    const std::vector<std::string> plans = run.readTexts("subjects/plan"), hybrids = run.readTexts("subjects/hybrid"),
                                   names = run.readTexts("subjects/name");
    const std::size_t rows =
        std::min({plans.size(), hybrids.size(), names.size(), static_cast<std::size_t>(run.rows("probes"))});
    for (std::size_t i = 0; i < rows; ++i) {
        Subject subject = planSubject(run, planFromKey(plans[i]));
        if (!hybrids[i].empty()) subject = {hybrids[i], "", subject.plan};
        addMeasured(run, spec, subject, hybrids[i].empty() ? names[i] : "", static_cast<std::int64_t>(i));
    }
}

// Which plan an eval ran on: its file names the hybrid, the layers, or the gate run and the budget.
Plan Comparison::evaluatedPlan(const RecordedRun& run, const EvaluatedSpec& spec) const {
    if (!spec.hybrid.empty()) {
        for (const std::string& parent : study_.parents(spec.hybrid))
            if (parent.starts_with("plan-")) return planFromKey(parent.substr(5));
        throw WorldError(run.path() + ": the hybrid " + spec.hybrid + " is not in the study any more");
    }
    std::vector<Problem> problems;
    for (const std::string& parent : run.header().parents) {
        const std::string path = study_.runPath(parent);
        if (std::filesystem::is_regular_file(path))
            return planOfRun(path, spec.plan, parsePins(spec.plan.pins, problems));
    }
    return planFromLayers(spec.plan.layers, num_layers_);
}

// The mean over tasks in the last row of the scores. Runs of earlier versions have their answers only, several of one
// sequence, which enter as one value.
Estimate evaluatedRecall(const RecordedRun& run) {
    if (const std::int64_t last = run.rows("scores") - 1; last >= 0)
        return {numberAt(run, "eval/scores/recall", last), numberAt(run, "eval/scores/recall_low", last),
                numberAt(run, "eval/scores/recall_high", last),
                static_cast<std::int64_t>(numberAt(run, "eval/scores/sequences", last))};
    const std::vector<std::string> tasks = run.readTexts("eval/samples/task"),
                                   seeds = run.readTexts("eval/samples/seed");
    const std::vector<double> tokens = run.readNumbers("eval/samples/tokens"),
                              depths = run.readNumbers("eval/samples/depth"),
                              recalls = run.readNumbers("eval/samples/recall");
    std::map<std::tuple<std::string, double, double>, std::map<std::string, Strata::value_type>> cells;
    for (std::size_t i = 0; i < recalls.size(); ++i)
        cells[{tasks.at(i), tokens.at(i), depths.at(i)}][seeds.at(i)].push_back(recalls[i]);
    Strata strata;
    for (const auto& [cell, sequences] : cells) {
        strata.emplace_back();
        for (const auto& [seed, answers] : sequences)
            strata.back().push_back(std::reduce(answers.begin(), answers.end()) / static_cast<double>(answers.size()));
    }
    return boundedMean(strata, 0, 1);
}

// Only finished runs: half a grid is another grid.
void Comparison::addEval(const RecordedRun& run, const nlohmann::json& json) {
    if (run.state() != RunState::Finished) return;
    EvaluatedSpec spec;
    specFromJson(json, spec);
    const Plan plan = evaluatedPlan(run, spec);
    const Subject subject = spec.hybrid.empty() ? planSubject(run, plan) : Subject{spec.hybrid, "", plan};
    EvalResult result{subject, evaluatedRecall(run), "", run.header().run_id};
    if (!result.recall.known()) return;
    nlohmann::json setting = settingOf(json, {"tasks", "lengths", "depths", "samples", "new_tokens", "seed"});
    if (!run.header().chat_family.empty()) setting["chat"] = run.header().chat_family;
    if (!run.has("eval/scores/recall")) setting["answers"] = "cut at the length of the expected ones";
    result.letter = evals_.letterOf(setting);
    eval_results_[subject.key()] = result;  // runs come in the order of time
    noteName(subject, chosenBy(run));
}

void Comparison::add(const std::string& path) {
    try {
        const std::unique_ptr<RecordedRun> opened = openRecordedRun(path);
        const RecordedRun& run = *opened;
        const nlohmann::json spec = nlohmann::json::parse(run.header().spec_json, nullptr, false);
        if (!spec.is_object()) throw FormatError(path + ": spec_json: is not a JSON object");
        const std::string& job = run.header().job;
        if (job == "probe") addProbe(run, spec);
        if (job == "gates") addGates(run, spec);
        if (job == "select") addSelect(run, spec);
        if (job == "judge") addJudge(run, spec);
        if (job == "eval") addEval(run, spec);
    } catch (const std::exception& error) {  // one damaged file must not hide the others
        table_.problems.push_back(error.what());
    }
}

void Comparison::attachEvals() {
    for (const auto& [key, result] : eval_results_) {
        bool attached = false;
        const auto attach = [&](ComparedRow& row) {
            row.recall = result.recall;
            row.eval = result.letter;
            row.runs.push_back(result.run_id);
            attached = true;
        };
        for (ComparedRow& row : table_.rows)
            if (Subject{row.hybrid, row.branches, row.plan}.key() == key) attach(row);
        if (attached) continue;
        ComparedRow row;
        row.hybrid = result.subject.hybrid;
        row.branches = result.subject.branches;
        row.plan = result.subject.plan;
        table_.rows.push_back(row);
        attach(table_.rows.back());
    }
}

void Comparison::nameRows() {
    for (ComparedRow& row : table_.rows) {
        if (!row.hybrid.empty()) {
            const auto label = study_.info().labels.find(row.hybrid);
            const bool named = label != study_.info().labels.end() && !label->second.name.empty();
            row.name = "hybrid " + (named ? label->second.name : row.hybrid.substr(0, 8));
        } else if (isTeacher(row) || isAllLinear(row)) {
            row.name = isTeacher(row) ? "teacher" : "all-linear";
        } else {
            for (const std::string& name : names_[Subject{"", row.branches, row.plan}.key()])
                row.name += (row.name.empty() ? "" : ", ") + name;
            if (row.name.empty()) row.name = "by hand";
        }
    }
}

// Hybrids of the same name are told apart by their ids.
void tellApart(std::vector<ComparedRow>& rows) {
    std::map<std::string, std::set<std::string>> hybrids;
    for (const ComparedRow& row : rows) hybrids[row.name].insert(row.hybrid);
    for (ComparedRow& row : rows)
        if (!row.hybrid.empty() && hybrids.at(row.name).size() > 1) row.name += " (" + row.hybrid.substr(0, 8) + ")";
}

ComparedTable Comparison::finish(const std::vector<std::string>& hybrids) {
    attachEvals();
    nameRows();
    tellApart(table_.rows);
    if (!hybrids.empty()) {
        std::erase_if(table_.rows, [&](const ComparedRow& row) {
            return !isTeacher(row) && !isAllLinear(row) &&
                   std::find(hybrids.begin(), hybrids.end(), row.hybrid) == hybrids.end();
        });
    }
    const auto order = [](const ComparedRow& row) {
        const int group = isTeacher(row) ? 0 : isAllLinear(row) ? 1 : 2;
        return std::make_tuple(group, row.plan.budget(), row.probe, row.answer_kl.value, row.plan.key(), row.hybrid,
                               row.branches);
    };
    std::stable_sort(table_.rows.begin(), table_.rows.end(),
                     [&](const ComparedRow& a, const ComparedRow& b) { return order(a) < order(b); });
    table_.probes = probes_.settings();
    table_.evals = evals_.settings();
    return std::move(table_);
}

std::string runPathOf(const Study& study, const std::string& field, const std::string& run,
                      std::vector<Problem>& problems) {
    for (const std::string& path : study.runPaths())
        if (std::filesystem::path(path).stem() == run) return path;
    problems.push_back({field, run, "the id of a run of the study (`flashmorph runs list`)"});
    return {};
}

// Ids of the hybrids that the user named by id or by name.
std::vector<std::string> hybridIds(const Study& study, const std::vector<std::string>& wanted,
                                   std::vector<Problem>& problems) {
    std::vector<std::string> ids;
    for (const std::string& text : wanted) {
        const std::size_t before = ids.size();
        for (const auto& [id, artifact] : study.info().artifacts) {
            const auto label = study.info().labels.find(id);
            const bool named = label != study.info().labels.end() && label->second.name == text;
            if (artifact.kind == ArtifactKind::Hybrid && (id == text || named)) ids.push_back(id);
        }
        if (ids.size() == before) problems.push_back({"hybrids", text, "the id or name of a hybrid of the study"});
    }
    return ids;
}

}  // namespace

ComparedTable compareStudy(const Study& study, int num_layers, const std::vector<std::string>& runs,
                           const std::vector<std::string>& hybrids) {
    std::vector<Problem> problems;
    std::vector<std::string> paths;
    for (const std::string& run : runs) paths.push_back(runPathOf(study, "runs", run, problems));
    const std::vector<std::string> ids = hybridIds(study, hybrids, problems);
    if (!problems.empty()) throw InputError(problems);
    std::sort(paths.begin(), paths.end());  // names begin with the time
    Comparison comparison(study, num_layers);
    for (const std::string& path : runs.empty() ? study.runPaths() : paths) comparison.add(path);
    return comparison.finish(ids);
}

nlohmann::json specDifferences(const Study& study, const std::string& run_a, const std::string& run_b) {
    std::vector<Problem> problems;
    const std::vector<std::string> paths = {runPathOf(study, "diff", run_a, problems),
                                            runPathOf(study, "diff", run_b, problems)};
    if (!problems.empty()) throw InputError(problems);
    std::vector<nlohmann::json> specs;
    for (const std::string& path : paths) {
        const RunOpened header = openRecordedRun(path)->header();
        specs.push_back(nlohmann::json::parse(header.spec_json, nullptr, false));
        if (!specs.back().is_object()) throw FormatError(path + ": spec_json: is not a JSON object");
        specs.back()["job"] = header.job;
    }
    std::set<std::string> fields;
    for (const nlohmann::json& spec : specs)
        for (const auto& [field, value] : spec.items()) fields.insert(field);
    nlohmann::json differences = nlohmann::json::array();
    for (const std::string& field : fields) {
        const nlohmann::json a = specs[0].value(field, nlohmann::json()), b = specs[1].value(field, nlohmann::json());
        if (a != b) differences.push_back({{"field", field}, {"a", a}, {"b", b}});
    }
    return differences;
}

}  // namespace fm
