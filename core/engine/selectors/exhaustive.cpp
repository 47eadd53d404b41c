// The best of all plans of a budget: what every other rule is held against on small models.
#include <numeric>

#include "core/engine/selectors/selector.h"

namespace fm {

namespace {

// Every K-subset of L layers, in lexicographic order: neighbours share their first layers, which the evaluator reuses.
std::vector<Plan> allPlans(int num_layers, int budget) {
    std::vector<Plan> plans;
    std::vector<int> chosen(budget);
    std::iota(chosen.begin(), chosen.end(), 0);
    while (true) {
        plans.push_back(Plan::fromFullLayers(num_layers, chosen));
        int i = budget - 1;
        while (i >= 0 && chosen[i] == num_layers - budget + i) --i;
        if (i < 0) return plans;
        ++chosen[i];
        for (int j = i + 1; j < budget; ++j) chosen[j] = chosen[j - 1] + 1;
    }
}

}  // namespace

ChosenLayers chooseExhaustive(Chooser& chooser, int budget) {
    return {chooser.bestOf(allPlans(chooser.numLayers(), budget)), {}};
}

}  // namespace fm
