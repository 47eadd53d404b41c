#include "widgets/panels/sample_detail.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/base/json_number.h"
#include "widgets/panels/json_text.h"

namespace fm {

namespace {

using Json = nlohmann::json;

const QString windows_line_end = QStringLiteral("\r\n"), line_end = QStringLiteral("\n");

// Place in the shown text of what stands behind `characters` characters of the prompt; -1: there are fewer. The engine
// counts characters, a QString units of UTF-16, and the shown text has one line end of one unit only.
qsizetype shownPlace(const QString& prompt, std::int64_t characters) {
    qsizetype at = 0;
    for (; characters > 0 && at < prompt.size(); --characters) at += prompt.at(at).isHighSurrogate() ? 2 : 1;
    if (characters > 0) return -1;
    at = std::min(at, prompt.size());
    return at - prompt.left(at).count(windows_line_end);
}

void readNeedle(const Json& result, SampleDetail& detail) {
    const auto needle = result.find("needle");
    if (needle != result.end() && needle->is_array()) {
        for (const Json& part : *needle) {
            const auto placeOf = [&](const char* key) {
                const auto found = part.is_object() ? part.find(key) : part.end();
                const bool known = found != part.end() && found->is_number_integer() && *found >= 0;
                return known ? shownPlace(detail.prompt, found->get<std::int64_t>()) : qsizetype{-1};
            };
            const qsizetype begin = placeOf("begin"), end = placeOf("end");
            if (begin >= 0 && begin < end) detail.needle.emplace_back(begin, end);
        }
    }
    detail.prompt.replace(windows_line_end, line_end);
}

}  // namespace

SampleDetail sampleDetail(const Json& result) {
    SampleDetail detail;
    if (!result.is_object()) return detail;
    detail.prompt = textAt(result, "prompt");
    detail.teacher = textAt(result, "teacher");
    readNeedle(result, detail);
    const auto gates = result.find("gates");
    if (gates == result.end() || !gates->is_object()) return detail;
    detail.gate_run = textAt(*gates, "run");
    const auto alpha = gates->find("alpha");
    if (alpha == gates->end() || !alpha->is_array()) return detail;
    for (const Json& gate : *alpha) detail.gates.push_back(numberFromJson(gate).value_or(std::nan("")));
    return detail;
}

}  // namespace fm
