#include "widgets/panels/compare_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace fm {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

ParetoKind kindOf(const CompareEntry& entry) {
    if (entry.kind == CompareEntry::Kind::Teacher) return ParetoKind::Teacher;
    if (entry.budget == 0) return ParetoKind::AllLinear;
    return entry.kind == CompareEntry::Kind::Uniform ? ParetoKind::Baseline : ParetoKind::Hybrid;
}

double valueOf(const Estimate& measured) { return measured.known() ? measured.value : missing; }

std::optional<double> specNumber(const RunEntry& run, const char* field) {
    bool is_number = false;
    const double number = QString::fromStdString(specField(*run.spec, field)).toDouble(&is_number);
    return is_number ? std::optional(number) : std::nullopt;
}

// A setting of the gate run that the entry came from: its own, or a parent of one of its runs.
double gateSetting(const CompareEntry& entry, const StudyState& study, const char* field) {
    for (const QString& id : entry.runs) {
        const RunEntry* run = study.run(id);
        if (run == nullptr) continue;
        std::vector<const RunEntry*> candidates{run};
        for (const std::string& parent : run->summary.parents)
            candidates.push_back(study.run(QString::fromStdString(parent)));
        for (const RunEntry* candidate : candidates) {
            if (candidate == nullptr || candidate->summary.job != "gates") continue;
            if (const std::optional<double> number = specNumber(*candidate, field)) return *number;
        }
    }
    return missing;
}

std::vector<ParallelAxis> allAxes() {
    return {{QObject::tr("K"), QObject::tr("layers"), false},
            {QObject::tr("KV cache"), QObject::tr("% of teacher"), false},
            {QObject::tr("decode"), QObject::tr("× teacher"), false},
            {QObject::tr("gate lr"), {}, true},
            {QObject::tr("text KL weight"), {}, false},
            {QObject::tr("answer KL"), QObject::tr("nat"), true},
            {QObject::tr("text KL"), QObject::tr("nat"), true},
            {QObject::tr("recall, eval"), {}, false},
            {QObject::tr("recall, probe"), {}, false}};
}

std::vector<double> allValues(const CompareEntry& entry, const StudyState& study) {
    return {entry.budget < 0 ? missing : entry.budget,
            entry.cost ? 100 * entry.cost->kv_share : missing,
            entry.cost ? entry.cost->decode_speedup : missing,
            gateSetting(entry, study, "lr"),
            gateSetting(entry, study, "text_kl_weight"),
            valueOf(entry.answer_kl),
            valueOf(entry.text_kl),
            valueOf(entry.eval_recall),
            valueOf(entry.probe_recall)};
}

// By the paired interval on the probe; evaluations share no record of sequences, so there only intervals that do not
// touch tell two apart.
bool isToldBetter(const CompareEntry& a, const CompareEntry& b, bool from_eval, PairedDifferences& differences) {
    if (from_eval) return a.eval_recall.low > b.eval_recall.high;
    const ScoreDifference* difference = differences.of(a.scores, b.scores);
    return difference && difference->exact_match.low > 0;
}

// Only the highest of each cost is asked: who is not told apart from that one is not beaten by a lower one either.
void markDominated(const std::vector<const CompareEntry*>& entries, bool from_eval, PairedDifferences& differences,
                   std::vector<ParetoPoint>& points) {
    differences.beginTurn();
    std::map<double, std::size_t> highest;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto [place, is_new] = highest.try_emplace(points[i].cost, i);
        if (!is_new && points[i].accuracy > points[place->second].accuracy) place->second = i;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i].dominated = std::any_of(highest.begin(), highest.end(), [&](const auto& candidate) {
            const ParetoPoint& other = points[candidate.second];
            return other.cost <= points[i].cost && other.accuracy > points[i].accuracy &&
                   isToldBetter(*entries[candidate.second], *entries[i], from_eval, differences);
        });
    }
}

// In the order of allAxes(); the axes of settings and of the cost model have none.
std::vector<std::pair<double, double>> allIntervals(const CompareEntry& entry) {
    std::vector<std::pair<double, double>> intervals(allAxes().size() - 4, {missing, missing});
    for (const Estimate* e : {&entry.answer_kl, &entry.text_kl, &entry.eval_recall, &entry.probe_recall})
        intervals.emplace_back(e->known() ? e->low : missing, e->known() ? e->high : missing);
    return intervals;
}

}  // namespace

std::vector<ParetoPoint> paretoPoints(const std::vector<CompareEntry>& entries, bool from_eval,
                                      const QStringList& selected, PairedDifferences& differences) {
    std::vector<ParetoPoint> points;
    std::vector<const CompareEntry*> shown;
    for (const CompareEntry& entry : entries) {
        const Estimate& recall = from_eval ? entry.eval_recall : entry.probe_recall;
        if (!recall.known() || !entry.cost) continue;
        ParetoPoint point;
        point.id = entry.id;
        point.label = entry.title;
        point.cost = 100 * entry.cost->kv_share;
        point.accuracy = recall.value;
        point.low = recall.low;
        point.high = recall.high;
        point.kind = kindOf(entry);
        point.selected = selected.contains(entry.id);
        points.push_back(point);
        shown.push_back(&entry);
    }
    markDominated(shown, from_eval, differences, points);
    return points;
}

ParetoPoint predictedPoint(const PlanCost& cost, const Prediction& prediction) {
    ParetoPoint point;
    point.id = QStringLiteral("plan under edit");
    point.label = QObject::tr("your plan, predicted");
    point.cost = 100 * cost.kv_share;
    point.accuracy = prediction.exact_match;
    point.low = std::max(0.0, prediction.exact_match - prediction.exact_match_error);
    point.high = std::min(1.0, prediction.exact_match + prediction.exact_match_error);
    point.predicted = true;
    return point;
}

ParallelFigure parallelFigure(const std::vector<CompareEntry>& entries, const StudyState& study,
                              const QStringList& selected) {
    std::vector<std::vector<double>> values;
    for (const CompareEntry& entry : entries) values.push_back(allValues(entry, study));
    const std::vector<ParallelAxis> axes = allAxes();
    ParallelFigure figure;
    std::vector<std::size_t> kept;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        const auto has_value = [axis](const std::vector<double>& row) { return !std::isnan(row[axis]); };
        if (std::none_of(values.begin(), values.end(), has_value)) continue;
        kept.push_back(axis);
        figure.axes.push_back(axes[axis]);
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        ParallelLine line{entries[i].id, entries[i].title, {}, entries[i].pinned(), selected.contains(entries[i].id)};
        const std::vector<std::pair<double, double>> intervals = allIntervals(entries[i]);
        for (const std::size_t axis : kept) {
            line.values.push_back(values[i][axis]);
            line.intervals.push_back(intervals[axis]);
        }
        figure.lines.push_back(std::move(line));
    }
    return figure;
}

}  // namespace fm
