#include "widgets/panels/layer_marks.h"

#include "widgets/state/plan_state.h"
#include "widgets/state/selection.h"

namespace fm {

LayerMarks layerMarks(const PlanState& plan, const Selection& selection) {
    LayerMarks marks;
    for (int layer = 0; layer < plan.numLayers(); ++layer) {
        marks.full.push_back(plan.kind(layer) == LayerKind::Full);
        marks.selected.push_back(selection.layers().contains(layer));
        marks.pinned.push_back(plan.pin(layer).has_value());
    }
    return marks;
}

void chooseLayer(Selection& selection, int layer, Qt::KeyboardModifiers modifiers) {
    std::set<int> layers{layer};
    if (modifiers & (Qt::ControlModifier | Qt::ShiftModifier)) {
        layers = selection.layers();
        if (!layers.erase(layer)) layers.insert(layer);
    }
    selection.setLayers(layers, layer);
}

}  // namespace fm
