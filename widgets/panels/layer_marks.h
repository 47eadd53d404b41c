// What figures of layers show of the plan, and what a click on a layer does to the selection: the same everywhere.
#pragma once

#include <Qt>

#include "widgets/plots/gate_history.h"

namespace fm {

class PlanState;
class Selection;

LayerMarks layerMarks(const PlanState& plan, const Selection& selection);
// Chooses the layer; with Control or Shift adds it to the selection or takes it out.
void chooseLayer(Selection& selection, int layer, Qt::KeyboardModifiers modifiers);

}  // namespace fm
