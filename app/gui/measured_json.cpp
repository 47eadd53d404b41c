#include "app/gui/measured_json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/json_number.h"
#include "core/plan/plan_spelling.h"

namespace fm {
namespace {

using Json = nlohmann::json;

std::optional<double> numberAt(const Json& json, const std::string& name) {
    return json.contains(name) ? numberFromJson(json[name]) : std::nullopt;
}

std::string textAt(const Json& json, const char* name) {
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : std::string();
}

bool flagAt(const Json& json, const char* name) {
    return json.contains(name) && json[name].is_boolean() && json[name].get<bool>();
}

// null stands for what was not measured.
Estimate estimateAt(const Json& json, const std::string& name, const char* count) {
    const std::optional<double> value = numberAt(json, name), low = numberAt(json, name + "_low"),
                                high = numberAt(json, name + "_high"), n = numberAt(json, count);
    if (!value || !low || !high || !n) return {};
    return {*value, *low, *high, static_cast<std::int64_t>(*n)};
}

}  // namespace

std::optional<MeasuredPlan> measuredFrom(const Json& json) {
    if (!json.is_object() || !json.contains("plan") || !json["plan"].is_object()) return std::nullopt;
    MeasuredPlan m;
    m.plan = textAt(json["plan"], "plan");
    m.identity = textAt(json, "identity");
    const std::optional<double> planned = numberAt(json, "planned_sequences");
    if (m.plan.empty() || m.identity.empty() || !planned) return std::nullopt;
    m.hybrid = textAt(json, "hybrid");
    m.budget = budgetOfKey(m.plan);
    m.answer_kl = estimateAt(json, "answer_kl", "sequences");
    m.exact_match = estimateAt(json, "exact_match", "sequences");
    m.text_kl = estimateAt(json, "text_kl", "text_sequences");
    m.answers = static_cast<std::int64_t>(numberAt(json, "answers").value_or(0));
    m.planned_sequences = static_cast<std::int64_t>(*planned);
    m.complete = flagAt(json, "complete");
    m.measured = flagAt(json, "measured");
    m.run = textAt(json, "run");
    m.source = "probe";
    return m;
}

ProbeDesign designFrom(const Json& json) {
    ProbeDesign design;
    design.planned_sequences = static_cast<std::int64_t>(numberAt(json, "planned_sequences").value_or(0));
    if (json.contains("tasks") && json["tasks"].is_object())
        for (const auto& [task, scores] : json["tasks"].items()) design.tasks.push_back(task);
    if (!json.contains("cells") || !json["cells"].is_array()) return design;
    for (const Json& cell : json["cells"]) {
        const int tokens = static_cast<int>(numberAt(cell, "tokens").value_or(0));
        if (std::find(design.lengths.begin(), design.lengths.end(), tokens) == design.lengths.end())
            design.lengths.push_back(tokens);
    }
    return design;
}

Json measureParams(const ProbeSubject& subject, const ProbeDesign& design) {
    Json params = Json::object();
    if (subject.hybrid.empty()) params["plan"] = subject.plan;
    if (!subject.hybrid.empty()) params["hybrid"] = subject.hybrid;
    if (design.seed < 0) return params;  // known from an answer only: that was the engine's own probe
    params["tasks"] = design.tasks;
    params["lengths"] = design.lengths;
    params["sequences"] = design.sequences;
    params["seed"] = design.seed;
    return params;
}

}  // namespace fm
