// Evenly spaced layers: what most hybrids were built with.
#include "core/engine/selectors/selector.h"
#include "core/plan/discretise.h"

namespace fm {

ChosenLayers chooseUniformA(Chooser& chooser, int budget) { return {uniformA(chooser.numLayers(), budget), {}}; }

ChosenLayers chooseUniformB(Chooser& chooser, int budget) { return {uniformB(chooser.numLayers(), budget), {}}; }

}  // namespace fm
