#include "core/plan/pins.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace fm {

bool parseLayer(std::string_view text, int& layer) {
    const std::from_chars_result parsed = std::from_chars(text.data(), text.data() + text.size(), layer);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

std::vector<Pin> parsePins(const std::vector<std::string>& texts, std::vector<Problem>& problems) {
    std::vector<Pin> pins;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        const std::string kind = equals == std::string::npos ? "" : text.substr(equals + 1);
        Pin pin;
        if (!parseLayer(std::string_view(text).substr(0, equals), pin.layer) || (kind != "full" && kind != "linear")) {
            problems.push_back({"pins", text, "LAYER=full or LAYER=linear"});
            continue;
        }
        pin.kind = kind == "full" ? LayerKind::Full : LayerKind::Linear;
        pins.push_back(pin);
    }
    return pins;
}

std::vector<Pin> pinsOfSpec(const std::string& spec_json) {
    const nlohmann::json spec = nlohmann::json::parse(spec_json, nullptr, /*allow_exceptions=*/false);
    if (!spec.is_object() || !spec.contains("pins") || !spec["pins"].is_array()) return {};
    std::vector<std::string> texts;
    for (const nlohmann::json& text : spec["pins"]) {
        if (text.is_string()) texts.push_back(text.get<std::string>());
    }
    std::vector<Problem> ignored;
    return parsePins(texts, ignored);
}

std::vector<Pin> overriddenPins(std::vector<Pin> own, const std::vector<Pin>& added) {
    std::erase_if(own, [&](const Pin& mine) {
        return std::any_of(added.begin(), added.end(), [&](const Pin& pin) { return pin.layer == mine.layer; });
    });
    own.insert(own.end(), added.begin(), added.end());
    return own;
}

}  // namespace fm
