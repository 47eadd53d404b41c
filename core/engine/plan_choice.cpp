#include "core/engine/plan_choice.h"

#include "core/run/error.h"
#include "core/run/pins.h"

namespace fm {

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
