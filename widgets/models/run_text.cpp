#include "widgets/models/run_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fm {

namespace {

using Spec = std::map<std::string, std::string>;

std::string itemText(const nlohmann::json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void flatten(const nlohmann::json& json, const std::string& prefix, Spec& fields) {
    for (const auto& [key, value] : json.items()) {
        const std::string name = prefix + key;
        if (value.is_object()) {
            flatten(value, name + ".", fields);
        } else if (value.is_array()) {
            std::string text;
            for (const nlohmann::json& item : value) text += (text.empty() ? "" : ", ") + itemText(item);
            fields[name] = text;
        } else {
            fields[name] = itemText(value);
        }
    }
}

std::string fieldOf(const Spec& spec, const std::string& name) {
    const auto found = spec.find(name);
    return found == spec.end() ? std::string() : found->second;
}

// PlanChoice::layers: "all", "none" or "2,5,8".
std::string layersText(const std::string& layers) {
    if (layers == "all") return "teacher";
    if (layers == "none") return "all linear";
    return "K=" + std::to_string(1 + std::count(layers.begin(), layers.end(), ','));
}

}  // namespace

bool isArchived(const Label& label) {
    return std::find(label.tags.begin(), label.tags.end(), archived_tag) != label.tags.end();
}

std::map<std::string, std::string> flatSpec(const std::string& spec_json) {
    Spec fields;
    // A spec is two levels deep; what is deeper comes from a hostile file and would recurse as deep as it likes.
    constexpr int deepest = 4;
    const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= deepest; };
    const nlohmann::json json = nlohmann::json::parse(spec_json, shallow, false);
    if (json.is_object()) flatten(json, "", fields);
    return fields;
}

std::string aboutRun(const std::string& job, const Spec& spec, const std::string& plan) {
    if (const std::string hybrid = fieldOf(spec, "hybrid"); !hybrid.empty()) return hybrid;
    if (job == "select") return fieldOf(spec, "selectors");
    if (job == "align") return fieldOf(spec, "kind");
    if (job == "interact") return "pairs";
    if (const std::string layers = fieldOf(spec, "layers"); !layers.empty()) return layersText(layers);
    if (!plan.empty()) return "K=" + std::to_string(std::count(plan.begin(), plan.end(), 'F'));
    if (const std::string budget = fieldOf(spec, "budget"); !budget.empty() && budget != "-1") return "K=" + budget;
    return fieldOf(spec, "name");
}

std::string stateWord(const RunSummary& run) {
    if (!run.problem.empty()) return "unreadable";
    if (run.interrupted) return "interrupted";
    switch (run.state) {
        case RunState::Running:
            return "live";
        case RunState::Paused:
            return "paused";
        case RunState::Finished:
            return "done";
        case RunState::Cancelled:
            return "stopped";
        case RunState::Failed:
            return "failed";
    }
    return {};
}

}  // namespace fm
