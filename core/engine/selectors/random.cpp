// Plans drawn at random: the band that a rule must leave to be worth its name. The chosen one is its median.
#include <algorithm>
#include <numeric>
#include <random>

#include "core/engine/selectors/selector.h"

namespace fm {

namespace {

std::vector<Plan> randomPlans(int num_layers, int budget, std::int64_t count, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::vector<Plan> plans;
    for (std::int64_t i = 0; i < count; ++i) {
        std::vector<int> layers(num_layers);
        std::iota(layers.begin(), layers.end(), 0);
        // Fisher-Yates by hand: std::shuffle may differ between standard libraries.
        for (int j = 0; j < budget; ++j)
            std::swap(layers[j], layers[j + static_cast<int>(engine() % static_cast<std::uint64_t>(num_layers - j))]);
        layers.resize(budget);
        std::sort(layers.begin(), layers.end());
        plans.push_back(Plan::fromFullLayers(num_layers, layers));
    }
    return plans;
}

}  // namespace

ChosenLayers chooseRandom(Chooser& chooser, int budget) {
    return {chooser.medianOf(randomPlans(chooser.numLayers(), budget, chooser.spec().random_plans, chooser.seed())),
            {}};
}

}  // namespace fm
