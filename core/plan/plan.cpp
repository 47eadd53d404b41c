#include "core/plan/plan.h"
#include "core/base/assert.h"

#include <algorithm>

namespace fm {

Plan Plan::fromFullLayers(int num_layers, const std::vector<int>& full_layers) {
    FM_ASSERT(num_layers >= 0, "the number of layers is not negative");
    Plan plan;
    plan.kinds.assign(static_cast<std::size_t>(num_layers), LayerKind::Linear);
    for (int layer : full_layers) {
        FM_ASSERT(layer >= 0 && layer < num_layers, "the layer is one of the model's");
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

bool Plan::hasLinearLayer() const { return std::find(kinds.begin(), kinds.end(), LayerKind::Linear) != kinds.end(); }

}  // namespace fm
