#include "core/engine/plan_choice.h"

#include <charconv>

#include "core/run/error.h"

namespace fm {
namespace {

bool parseLayer(std::string_view text, int& layer) {
    const std::from_chars_result parsed = std::from_chars(text.data(), text.data() + text.size(), layer);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

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

Plan planFromLayers(const std::string& layers, int num_layers) {
    Plan plan;
    plan.kinds.assign(num_layers, layers == "all" ? LayerKind::Full : LayerKind::Linear);
    if (layers == "all" || layers == "none") return plan;
    std::vector<Problem> problems;
    std::size_t begin = 0;
    while (begin <= layers.size()) {
        const std::size_t end = std::min(layers.find(',', begin), layers.size());
        const std::string word = layers.substr(begin, end - begin);
        int layer = -1;
        if (!parseLayer(word, layer) || layer < 0 || layer >= num_layers) {
            problems.push_back(
                {"layers", word,
                 "layers from 0 to " + std::to_string(num_layers - 1) + " with commas between, all or none"});
        } else if (plan.kinds[layer] == LayerKind::Full) {
            problems.push_back({"layers", word, "each layer once"});
        } else {
            plan.kinds[layer] = LayerKind::Full;
        }
        begin = end + 1;
    }
    if (!problems.empty()) throw InputError(problems);
    return plan;
}

}  // namespace fm
