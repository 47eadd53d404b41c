#include "core/plan/discretise.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/error.h"

namespace fm {
namespace {

// -1, 0, 1 like a three-way comparison; larger values first; a missing list says nothing.
int descending(const std::vector<double>& values, int a, int b) {
    if (values.empty() || values[a] == values[b]) return 0;
    return values[a] > values[b] ? -1 : 1;
}

void checkBudget(int num_layers, int budget) {
    if (budget < 0 || budget > num_layers) {
        throw InputError(
            Problem{"budget", std::to_string(budget), "a number of layers from 0 to " + std::to_string(num_layers)});
    }
}

}  // namespace

std::vector<int> rankedLayers(const LayerRanking& ranking) {
    std::vector<int> order(ranking.score.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
        for (const std::vector<double>* values : {&ranking.score, &ranking.second, &ranking.third}) {
            const int order_ab = descending(*values, a, b);
            if (order_ab != 0) return order_ab < 0;
        }
        return a < b;
    });
    return order;
}

Plan discretise(const LayerRanking& ranking, int budget, const std::vector<Pin>& pins) {
    const int num_layers = static_cast<int>(ranking.score.size());
    checkBudget(num_layers, budget);
    std::vector<Problem> problems;
    std::vector<int> forced(num_layers, -1);  // -1 free, else the pinned kind
    int pinned_full = 0, pinned_linear = 0;
    for (const Pin& pin : pins) {
        if (pin.layer < 0 || pin.layer >= num_layers) {
            problems.push_back(
                {"pins", std::to_string(pin.layer), "a layer from 0 to " + std::to_string(num_layers - 1)});
        } else if (forced[pin.layer] >= 0) {
            problems.push_back({"pins", std::to_string(pin.layer), "each layer at most once"});
        } else {
            forced[pin.layer] = static_cast<int>(pin.kind);
            (pin.kind == LayerKind::Full ? pinned_full : pinned_linear) += 1;
        }
    }
    if (problems.empty() && (pinned_full > budget || budget > num_layers - pinned_linear)) {
        problems.push_back({"budget", std::to_string(budget),
                            "from " + std::to_string(pinned_full) + " to " +
                                std::to_string(num_layers - pinned_linear) + " with these pins"});
    }
    if (!problems.empty()) throw InputError(problems);
    Plan plan;
    plan.kinds.assign(num_layers, LayerKind::Linear);
    plan.pins = pins;
    for (const Pin& pin : pins) plan.kinds[pin.layer] = pin.kind;
    int left = budget - pinned_full;
    for (const int layer : rankedLayers(ranking)) {
        if (left == 0) break;
        if (forced[layer] >= 0) continue;
        plan.kinds[layer] = LayerKind::Full;
        --left;
    }
    return plan;
}

Plan uniformA(int num_layers, int budget) {
    checkBudget(num_layers, budget);
    std::vector<int> layers;
    for (int i = 0; i < budget; ++i) layers.push_back(i * (num_layers / budget));
    return Plan::fromFullLayers(num_layers, layers);
}

Plan uniformB(int num_layers, int budget) {
    checkBudget(num_layers, budget);
    std::vector<int> layers;
    for (int i = 1; i <= budget; ++i)
        layers.push_back(static_cast<int>(std::floor(double(i) * num_layers / budget)) - 1);
    return Plan::fromFullLayers(num_layers, layers);
}

}  // namespace fm
