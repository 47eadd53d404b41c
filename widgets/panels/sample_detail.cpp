#include "widgets/panels/sample_detail.h"

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/run/json_number.h"

namespace fm {

namespace {

using Json = nlohmann::json;

QString textAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

// The occurrence of `value` that begins nearest to `place` (characters); -1 when there is none.
qsizetype nearestOccurrence(const QString& text, const QString& value, qsizetype place) {
    if (value.isEmpty()) return -1;
    qsizetype nearest = -1;
    for (qsizetype at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
        if (nearest < 0 || std::abs(at - place) < std::abs(nearest - place)) nearest = at;
    return nearest;
}

void findNeedle(const Json& result, SampleDetail& detail) {
    const auto ids = result.find("ids");
    const auto begin = result.find("needle_begin");
    if (ids == result.end() || !ids->is_array() || ids->empty()) return;
    if (begin == result.end() || !begin->is_number_integer()) return;
    const double share = static_cast<double>(begin->get<std::int64_t>()) / static_cast<double>(ids->size());
    if (!(share >= 0 && share <= 1)) return;
    const QString value = textAt(result, "expected").trimmed();
    const qsizetype place = static_cast<qsizetype>(share * static_cast<double>(detail.prompt.size()));
    detail.needle_begin = nearestOccurrence(detail.prompt, value, place);
    if (detail.needle_begin >= 0) detail.needle_end = detail.needle_begin + value.size();
}

}  // namespace

SampleDetail sampleDetail(const Json& result) {
    SampleDetail detail;
    if (!result.is_object()) return detail;
    detail.prompt = textAt(result, "prompt");
    detail.teacher = textAt(result, "teacher");
    findNeedle(result, detail);
    const auto gates = result.find("gates");
    if (gates == result.end() || !gates->is_object()) return detail;
    detail.gate_run = textAt(*gates, "run");
    const auto alpha = gates->find("alpha");
    if (alpha == gates->end() || !alpha->is_array()) return detail;
    for (const Json& gate : *alpha) detail.gates.push_back(numberFromJson(gate).value_or(std::nan("")));
    return detail;
}

}  // namespace fm
