#include "widgets/panels/export_target.h"

#include <QObject>
#include <nlohmann/json.hpp>

#include "widgets/panels/json_text.h"

namespace fm {

namespace {

using Json = nlohmann::json;

const Json& at(const Json& object, const char* key) {
    static const Json none;
    if (!object.is_object()) return none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

QStringList textsAt(const Json& object, const char* key) {
    QStringList texts;
    const Json& value = at(object, key);
    if (!value.is_array()) return texts;
    for (const Json& item : value)
        if (item.is_string()) texts << QString::fromStdString(item.get<std::string>());
    return texts;
}

std::optional<double> numberAt(const Json& object, const char* key) {
    const Json& value = at(object, key);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

ExportFit fitOf(const QString& word) {
    if (word == QStringLiteral("exact")) return ExportFit::Exact;
    return word == QStringLiteral("approximate") ? ExportFit::Approximate : ExportFit::NotRepresentable;
}

QString titleOf(const QString& name) {
    if (name == QStringLiteral("fla")) return QStringLiteral("flash-linear-attention (fla)");
    if (name == QStringLiteral("qwen3_5")) return QStringLiteral("Qwen3.5 hybrid (qwen3_5)");
    return name;
}

}  // namespace

QString exportFitText(ExportFit fit) {
    if (fit == ExportFit::Exact) return QObject::tr("exact");
    return fit == ExportFit::Approximate ? QObject::tr("approximate") : QObject::tr("cannot be represented");
}

std::vector<ExportTarget> exportTargets(const Json& result) {
    std::vector<ExportTarget> targets;
    const Json& list = at(result, "targets");
    if (!list.is_array()) return targets;
    for (const Json& item : list) {
        ExportTarget target;
        target.name = textAt(item, "target");
        if (target.name.isEmpty()) continue;
        target.title = titleOf(target.name);
        target.fit = fitOf(textAt(item, "exactness"));
        target.why_not = textsAt(item, "why_not");
        target.remarks = textsAt(item, "remarks");
        target.loaders = textsAt(item, "loaders");
        targets.push_back(std::move(target));
    }
    return targets;
}

ExportOutcome exportOutcome(const Json& result) {
    ExportOutcome outcome;
    outcome.folder = textAt(result, "folder");
    const Json& verdict = at(result, "verdict");
    outcome.fit = fitOf(textAt(verdict, "verdict"));
    outcome.reasons = textsAt(verdict, "reasons");
    outcome.max_abs_error = numberAt(at(at(verdict, "measured"), "as_stored"), "max_abs_logit_error");
    return outcome;
}

ExportCheck exportCheck(const Json& result) {
    ExportCheck check;
    const Json& passed = at(result, "passed");
    check.passed = passed.is_boolean() && passed.get<bool>();
    check.tensors = static_cast<qint64>(numberAt(result, "tensors").value_or(0));
    check.precision = textAt(result, "precision");
    check.max_abs_error = numberAt(at(result, "error"), "max_abs_logit_error");
    check.greedy_agreement = numberAt(at(result, "error"), "greedy_agreement");
    check.problems = textsAt(result, "problems");
    return check;
}

}  // namespace fm
