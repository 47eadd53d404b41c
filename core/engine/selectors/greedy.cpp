// One layer at a time: the cheapest to linearise (removing) or the most useful to restore (adding), given those before.
#include "core/engine/selectors/plan_edit.h"
#include "core/engine/selectors/selector.h"

namespace fm {

namespace {

Plan greedy(Chooser& chooser, int budget, LayerKind from, LayerKind to) {
    Plan plan = planOfOneKind(chooser.numLayers(), from);
    while (plan.budget() != budget) {
        std::vector<Plan> plans;
        for (int l = 0; l < chooser.numLayers(); ++l) {
            if (plan.kinds[static_cast<std::size_t>(l)] == from) plans.push_back(withLayer(plan, l, to));
        }
        plan = chooser.bestOf(plans);
    }
    return plan;
}

}  // namespace

ChosenLayers chooseGreedyRemove(Chooser& chooser, int budget) {
    return {greedy(chooser, budget, LayerKind::Full, LayerKind::Linear), {}};
}

ChosenLayers chooseGreedyAdd(Chooser& chooser, int budget) {
    return {greedy(chooser, budget, LayerKind::Linear, LayerKind::Full), {}};
}

}  // namespace fm
