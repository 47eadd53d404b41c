#include "widgets/panels/compare_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fm {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

ParetoKind kindOf(const CompareEntry& entry) {
    if (entry.kind == CompareEntry::Kind::Teacher) return ParetoKind::Teacher;
    if (entry.budget == 0) return ParetoKind::AllLinear;
    return entry.kind == CompareEntry::Kind::Uniform ? ParetoKind::Baseline : ParetoKind::Hybrid;
}

double valueOf(const std::optional<MeasuredValue>& measured) { return measured ? measured->value : missing; }

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
            entry.text_kl.value_or(missing),
            valueOf(entry.eval_recall),
            valueOf(entry.probe_recall)};
}

}  // namespace

std::vector<ParetoPoint> paretoPoints(const std::vector<CompareEntry>& entries, bool from_eval,
                                      const QStringList& selected) {
    std::vector<ParetoPoint> points;
    for (const CompareEntry& entry : entries) {
        const std::optional<MeasuredValue>& recall = from_eval ? entry.eval_recall : entry.probe_recall;
        if (!recall || !entry.cost) continue;
        ParetoPoint point;
        point.id = entry.id;
        point.label = entry.title;
        point.cost = 100 * entry.cost->kv_share;
        point.accuracy = recall->value;
        if (recall->half_width > 0) point.half_width = recall->half_width;
        point.kind = kindOf(entry);
        point.selected = selected.contains(entry.id);
        points.push_back(point);
    }
    return points;
}

ParetoPoint predictedPoint(const PlanCost& cost, const Prediction& prediction) {
    ParetoPoint point;
    point.id = QStringLiteral("plan under edit");
    point.label = QObject::tr("your plan, predicted");
    point.cost = 100 * cost.kv_share;
    point.accuracy = prediction.exact_match;
    point.half_width = prediction.exact_match_error;
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
        for (const std::size_t axis : kept) line.values.push_back(values[i][axis]);
        figure.lines.push_back(std::move(line));
    }
    return figure;
}

}  // namespace fm
