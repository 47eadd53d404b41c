#include "widgets/models/compare_entries.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/error.h"
#include "core/plan/discretise.h"
#include "core/plan/plan_spelling.h"

namespace fm {

namespace {

const QString plan_prefix = QStringLiteral("plan-");

// "2,5,8", "all" or "none" of a model of L layers; empty when it is none of these.
std::string keyOfLayers(const std::string& layers, std::int64_t num_layers) {
    try {
        return num_layers > 0 ? planFromLayers(layers, static_cast<int>(num_layers)).key() : std::string();
    } catch (const InputError&) {
        return {};
    }
}

// "uniform-a" or "uniform-b" when the plan is one of the evenly spaced ones, whoever measured it; else empty.
QString uniformName(const std::string& key) {
    const int budget = budgetOfKey(key);
    const int num_layers = static_cast<int>(key.size());
    if (budget == 0 || budget == num_layers) return {};
    if (uniformA(num_layers, budget).key() == key) return QStringLiteral("uniform-a");
    return uniformB(num_layers, budget).key() == key ? QStringLiteral("uniform-b") : QString();
}

class Collector {
public:
    explicit Collector(const CompareSources& sources)
        : sources_(sources), shown_probe_(sources.measurements->probe()) {}

    std::vector<CompareEntry> collect() {
        addTeacher();
        for (const ChosenPlan& chosen : sources_.measurements->chosen) addChosen(chosen);
        for (const auto& [id, artifact] : sources_.info->artifacts)
            if (artifact.kind == ArtifactKind::Hybrid) addHybrid(id, artifact);
        for (const MeasuredPlan& measured : sources_.measurements->plans) addSubject(measured);
        for (const RunEntry& run : *sources_.runs) addEvaluation(run);
        return sorted();
    }

private:
    std::int64_t numLayers() const {
        if (sources_.shape) return sources_.shape->num_layers;
        const Measurements& known = *sources_.measurements;
        if (!known.plans.empty()) return static_cast<std::int64_t>(known.plans.front().plan.size());
        return known.chosen.empty() ? 0 : static_cast<std::int64_t>(known.chosen.front().plan.size());
    }

    CompareEntry& planEntry(const std::string& key, const QString& source) {
        const QString id = plan_prefix + QString::fromStdString(key);
        CompareEntry& entry = entries_[id];
        const QString uniform = uniformName(key);
        if (entry.id.isEmpty()) {
            entry.id = id;
            entry.kind = isTeacherKey(key)    ? CompareEntry::Kind::Teacher
                         : !uniform.isEmpty() ? CompareEntry::Kind::Uniform
                                              : CompareEntry::Kind::Plan;
            setPlan(entry, key);
        } else if (source.isEmpty()) {
            return entry;
        }
        const QString name = !uniform.isEmpty() ? uniform : source.isEmpty() ? QStringLiteral("plan") : source;
        entry.title = isTeacherKey(key)       ? QStringLiteral("teacher")
                      : budgetOfKey(key) == 0 ? QStringLiteral("all linear")
                                              : QStringLiteral("%1 K=%2").arg(name).arg(budgetOfKey(key));
        return entry;
    }

    void setPlan(CompareEntry& entry, const std::string& key) const {
        entry.plan = key;
        entry.budget = budgetOfKey(key);
        if (sources_.shape && static_cast<std::int64_t>(key.size()) == sources_.shape->num_layers)
            entry.cost = planCost(*sources_.shape, planFromKey(key), sources_.query);
    }

    void addTeacher() {
        if (numLayers() > 0) planEntry(std::string(static_cast<std::size_t>(numLayers()), 'F'), {});
    }

    // Of several that chose a plan the newest names it, but gates before any rule.
    void addChosen(const ChosenPlan& chosen) {
        const QString id = plan_prefix + QString::fromStdString(chosen.plan);
        const bool by_gates = gate_plans_.contains(id);
        if (chosen.by == "gates") gate_plans_.insert(id);
        CompareEntry& entry =
            planEntry(chosen.plan, by_gates ? QStringLiteral("gates") : QString::fromStdString(chosen.by));
        entry.runs.insert(QString::fromStdString(chosen.run));
    }

    void addSubject(const MeasuredPlan& measured) {
        const auto hybrid = entries_.find(QString::fromStdString(measured.hybrid));
        CompareEntry& entry = measured.hybrid.empty()    ? planEntry(measured.plan, {})
                              : hybrid == entries_.end() ? addHybrid(measured.hybrid, {})
                                                         : hybrid->second;
        if (entry.plan.empty()) setPlan(entry, measured.plan);
        if (!measured.run.empty()) entry.runs.insert(QString::fromStdString(measured.run));
        if (measured.identity != shown_probe_) {
            entry.elsewhere = !hasProbe(entry);
        } else if (measured.sequences() >= entry.answer_kl.n + entry.text_kl.n) {
            entry.elsewhere = false;
            entry.probe_recall = measured.exact_match;
            entry.answer_kl = measured.answer_kl;
            entry.text_kl = measured.text_kl;
            entry.complete = measured.complete;
            entry.scores = measured.complete ? measured.scores : nullptr;
        }
    }

    static bool hasProbe(const CompareEntry& entry) { return entry.answer_kl.known() || entry.text_kl.known(); }

    CompareEntry& addHybrid(const std::string& id, const Artifact& artifact) {
        CompareEntry& entry = entries_[QString::fromStdString(id)];
        entry.kind = CompareEntry::Kind::Hybrid;
        entry.id = QString::fromStdString(id);
        const auto label = sources_.info->labels.find(id);
        const bool named = label != sources_.info->labels.end() && !label->second.name.empty();
        entry.title = named ? QString::fromStdString(label->second.name) : entry.id;
        for (const std::string& parent : artifact.parents)
            if (QString::fromStdString(parent).startsWith(plan_prefix)) setPlan(entry, parent.substr(5));
        if (!artifact.made_by.empty()) entry.runs.insert(QString::fromStdString(artifact.made_by));
        return entry;
    }

    void addEvaluation(const RunEntry& run) {
        if (run.summary.job != "eval" || !run.figures.recall.known()) return;
        CompareEntry* entry = nullptr;
        if (const std::string hybrid = specField(*run.spec, "hybrid"); !hybrid.empty()) {
            const auto found = entries_.find(QString::fromStdString(hybrid));
            entry = found == entries_.end() ? &addHybrid(hybrid, {}) : &found->second;
        } else {
            std::string key = run.figures.plan;
            if (key.empty()) key = keyOfLayers(specField(*run.spec, "layers"), numLayers());
            if (key.empty()) return;  // a plan that only the gate run's file knows
            entry = &planEntry(key, {});
        }
        entry->runs.insert(QString::fromStdString(run.summary.run_id));
        entry->eval_recall = run.figures.recall;
    }

    // Plans of one budget and origin are told apart by their layers.
    static void nameApart(std::vector<CompareEntry>& list) {
        std::map<QString, int> uses;
        for (const CompareEntry& entry : list) ++uses[entry.title];
        for (CompareEntry& entry : list) {
            if (uses[entry.title] < 2 || entry.plan.empty()) continue;
            entry.title += QStringLiteral(" · ") + QString::fromStdString(layersText(planFromKey(entry.plan)));
        }
    }

    std::vector<CompareEntry> sorted() const {
        std::vector<CompareEntry> list;
        for (const auto& [id, entry] : entries_) list.push_back(entry);
        nameApart(list);
        const auto group = [](const CompareEntry& entry) {
            return entry.kind == CompareEntry::Kind::Teacher ? 0 : entry.kind == CompareEntry::Kind::Uniform ? 1 : 2;
        };
        std::stable_sort(list.begin(), list.end(), [&](const CompareEntry& a, const CompareEntry& b) {
            return std::tuple(group(a), a.budget, a.title) < std::tuple(group(b), b.budget, b.title);
        });
        return list;
    }

    const CompareSources& sources_;
    const std::string shown_probe_;
    std::map<QString, CompareEntry> entries_;
    std::set<QString> gate_plans_;
};

}  // namespace

std::string planOfRun(const RunEntry& run, const StudyInfo& info) {
    if (!run.figures.plan.empty()) return run.figures.plan;
    const auto artifact = info.artifacts.find(specField(*run.spec, "hybrid"));
    if (artifact == info.artifacts.end()) return {};
    for (const std::string& parent : artifact->second.parents)
        if (QString::fromStdString(parent).startsWith(plan_prefix)) return parent.substr(5);
    return {};
}

std::vector<CompareEntry> compareEntries(const CompareSources& sources) { return Collector(sources).collect(); }

}  // namespace fm
