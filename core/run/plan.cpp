#include "core/run/plan.h"

#include <algorithm>
#include <cassert>

namespace fm {

Plan Plan::fromFullLayers(int num_layers, const std::vector<int>& full_layers) {
    assert(num_layers >= 0);
    Plan plan;
    plan.kinds.assign(static_cast<std::size_t>(num_layers), LayerKind::Linear);
    for (int layer : full_layers) {
        assert(layer >= 0 && layer < num_layers);
        plan.kinds[static_cast<std::size_t>(layer)] = LayerKind::Full;
    }
    return plan;
}

std::vector<int> Plan::fullLayers() const {
    std::vector<int> layers;
    for (std::size_t i = 0; i < kinds.size(); ++i)
        if (kinds[i] == LayerKind::Full) layers.push_back(static_cast<int>(i));
    return layers;
}

int Plan::budget() const { return static_cast<int>(std::count(kinds.begin(), kinds.end(), LayerKind::Full)); }

std::string Plan::key() const {
    std::string key;
    for (LayerKind kind : kinds) key += kind == LayerKind::Full ? 'F' : 'L';
    return key;
}

}  // namespace fm
