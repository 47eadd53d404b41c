// Layers ranked one at a time: by what the objective J loses when one layer of the teacher becomes linear, or by what
// it gains when one layer of the all-linear model is restored.
#include "core/engine/selectors/plan_edit.h"
#include "core/engine/selectors/selector.h"
#include "core/plan/discretise.h"

namespace fm {

namespace {

// v_l = |J(base with layer l changed) - J(base)|, with the sign by which larger means keep.
ChosenLayers chooseBySingleLayers(Chooser& chooser, int budget, const char* rule, LayerKind base_kind) {
    const bool removing = base_kind == LayerKind::Full;
    const std::vector<double>& value_L = chooser.layerValues(rule, [&] {
        const Plan base = planOfOneKind(chooser.numLayers(), base_kind);
        std::vector<Plan> plans = {base};
        for (int l = 0; l < chooser.numLayers(); ++l)
            plans.push_back(withLayer(base, l, removing ? LayerKind::Linear : LayerKind::Full));
        const std::vector<double> loss = chooser.objectives(plans);
        std::vector<double> values;
        for (std::size_t l = 1; l < loss.size(); ++l)
            values.push_back(removing ? loss[l] - loss[0] : loss[0] - loss[l]);
        return values;
    });
    return {discretise({value_L, {}, {}}, budget), value_L};
}

}  // namespace

ChosenLayers chooseRemoveOne(Chooser& chooser, int budget) {
    return chooseBySingleLayers(chooser, budget, "remove-one", LayerKind::Full);
}

ChosenLayers chooseRestoreOne(Chooser& chooser, int budget) {
    return chooseBySingleLayers(chooser, budget, "restore-one", LayerKind::Linear);
}

}  // namespace fm
