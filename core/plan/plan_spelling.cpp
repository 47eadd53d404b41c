#include "core/plan/plan_spelling.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/plan/pins.h"

namespace fm {

namespace {

constexpr char kFull = 'F';
constexpr char kLinear = 'L';

std::string joinedLayers(const Plan& plan, const char* between) {
    std::string text;
    for (const int layer : plan.fullLayers()) text += (text.empty() ? "" : between) + std::to_string(layer);
    return text;
}

}  // namespace

std::string Plan::key() const {
    std::string key;
    for (const LayerKind kind : kinds) key += kind == LayerKind::Full ? kFull : kLinear;
    return key;
}

Plan planFromKey(std::string_view key) {
    Plan plan;
    for (const char letter : key) plan.kinds.push_back(letter == kFull ? LayerKind::Full : LayerKind::Linear);
    return plan;
}

Plan parsePlanKey(const std::string& key, int num_layers) {
    const auto isLetter = [](char letter) { return letter == kFull || letter == kLinear; };
    if (static_cast<int>(key.size()) != num_layers || !std::all_of(key.begin(), key.end(), isLetter)) {
        throw InputError(
            Problem{"plan", key, std::to_string(num_layers) + " letters, F (full) or L (linear), layer 0 first"});
    }
    return planFromKey(key);
}

int budgetOfKey(std::string_view key) { return static_cast<int>(std::count(key.begin(), key.end(), kFull)); }

bool isTeacherKey(std::string_view key) { return !key.empty() && budgetOfKey(key) == static_cast<int>(key.size()); }

std::string layersOption(const Plan& plan) { return plan.budget() == 0 ? "none" : joinedLayers(plan, ","); }

std::string layersText(const Plan& plan) {
    if (plan.budget() == 0) return "none";
    return plan.hasLinearLayer() ? joinedLayers(plan, " ") : "all";
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
