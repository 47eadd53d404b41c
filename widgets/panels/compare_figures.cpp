#include "widgets/panels/compare_figures.h"

#include <cmath>
#include <limits>

#include "widgets/models/run_text.h"

namespace fm {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

ParetoKind kindOf(const CompareEntry& entry) {
    if (entry.kind == CompareEntry::Kind::Teacher) return ParetoKind::Teacher;
    if (entry.budget == 0) return ParetoKind::AllLinear;
    return entry.kind == CompareEntry::Kind::Uniform ? ParetoKind::Baseline : ParetoKind::Hybrid;
}

double valueOf(const std::optional<MeasuredValue>& measured) { return measured ? measured->value : missing; }

// A number of the spec of the gate run that the entry came from.
double specNumber(const CompareEntry& entry, const StudyState& study, const char* field) {
    for (const QString& id : entry.runs) {
        const RunEntry* run = study.run(id);
        if (run == nullptr || run->summary.job != "gates") continue;
        const std::map<std::string, std::string> spec = flatSpec(run->summary.spec_json);
        const auto found = spec.find(field);
        if (found == spec.end()) continue;
        bool is_number = false;
        const double number = QString::fromStdString(found->second).toDouble(&is_number);
        if (is_number) return number;
    }
    return missing;
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

std::vector<ParallelAxis> compareAxes() {
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

std::vector<ParallelLine> compareLines(const std::vector<CompareEntry>& entries, const StudyState& study,
                                       const QStringList& selected) {
    std::vector<ParallelLine> lines;
    for (const CompareEntry& entry : entries) {
        ParallelLine line;
        line.id = entry.id;
        line.label = entry.title;
        line.values = {entry.budget < 0 ? missing : entry.budget,
                       entry.cost ? 100 * entry.cost->kv_share : missing,
                       entry.cost ? entry.cost->decode_speedup : missing,
                       specNumber(entry, study, "lr"),
                       specNumber(entry, study, "text_kl_weight"),
                       valueOf(entry.answer_kl),
                       entry.text_kl.value_or(missing),
                       valueOf(entry.eval_recall),
                       valueOf(entry.probe_recall)};
        line.pinned = entry.pinned();
        line.selected = selected.contains(entry.id);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace fm
