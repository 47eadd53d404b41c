#include "widgets/state/run_spec.h"

#include <nlohmann/json.hpp>

namespace fm {
namespace {

std::string itemText(const nlohmann::json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void flatten(const nlohmann::json& json, const std::string& prefix, SpecFields& fields) {
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

}  // namespace

SpecFields flatSpec(const std::string& spec_json) {
    SpecFields fields;
    // A spec is two levels deep; what is deeper comes from a hostile file and would recurse as deep as it likes.
    constexpr int deepest = 4;
    const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= deepest; };
    const nlohmann::json json = nlohmann::json::parse(spec_json, shallow, false);
    if (json.is_object()) flatten(json, "", fields);
    return fields;
}

std::shared_ptr<const SpecFields> noSpec() {
    static const std::shared_ptr<const SpecFields> none = std::make_shared<const SpecFields>();
    return none;
}

std::string specField(const SpecFields& spec, const std::string& name) {
    const auto found = spec.find(name);
    return found == spec.end() ? std::string() : found->second;
}

}  // namespace fm
