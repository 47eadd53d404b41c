#include "core/engine/swap_refine.h"

#include <algorithm>
#include <cmath>

namespace fm {
namespace {

bool pinned(const Plan& plan, int layer) {
    return std::any_of(plan.pins.begin(), plan.pins.end(), [&](const Pin& pin) { return pin.layer == layer; });
}

// Layers of one kind in ranking order, pinned ones left out.
std::vector<int> movable(const Plan& plan, const std::vector<int>& order, LayerKind kind) {
    std::vector<int> layers;
    for (const int layer : order) {
        if (plan.kinds[layer] == kind && !pinned(plan, layer)) layers.push_back(layer);
    }
    return layers;
}

Plan swapped(Plan plan, int out, int in) {
    plan.kinds[out] = LayerKind::Linear;
    plan.kinds[in] = LayerKind::Full;
    return plan;
}

// Standard error of the mean of a[i] - b[i].
double pairedError(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> difference(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
    return halfWidth95(difference) / 1.96;
}

}  // namespace

double planObjective(const ProbeScores& scores, double text_kl_weight) {
    return scores.all.answer_kl + text_kl_weight * scores.text_kl;
}

SwapResult swapRefine(PlanEvaluator& selection, PlanEvaluator& second, const Plan& start, const std::vector<int>& order,
                      const SwapOptions& options) {
    SwapResult result;
    result.plan = start;
    const double weight = options.text_kl_weight;
    result.before = result.after = planObjective(selection.evaluate(start), weight);
    result.second_before = result.second_after = planObjective(second.evaluate(start), weight);
    for (int round = 0; round < options.max_rounds; ++round) {
        std::vector<int> kept = movable(result.plan, order, LayerKind::Full);
        std::vector<int> left_out = movable(result.plan, order, LayerKind::Linear);
        if (static_cast<int>(kept.size()) > options.window_out)
            kept.erase(kept.begin(), kept.end() - options.window_out);
        if (static_cast<int>(left_out.size()) > options.window_in) left_out.resize(options.window_in);
        std::vector<Swap> swaps;
        std::vector<Plan> plans;
        for (const int out : kept) {
            for (const int in : left_out) {
                swaps.push_back({out, in, 0, 0});
                plans.push_back(swapped(result.plan, out, in));
            }
        }
        if (plans.empty()) break;
        const std::vector<ProbeScores> scores = selection.evaluate(plans);
        std::size_t best = 0;
        for (std::size_t i = 0; i < plans.size(); ++i) {
            swaps[i].gain = result.after - planObjective(scores[i], weight);
            if (swaps[i].gain > swaps[best].gain) best = i;
        }
        if (swaps[best].gain <= 0) break;
        const ProbeScores now = second.evaluate(result.plan), then = second.evaluate(plans[best]);
        swaps[best].second_gain = result.second_after - planObjective(then, weight);
        if (swaps[best].second_gain <= pairedError(now.sample_kl, then.sample_kl)) break;
        result.plan = plans[best];
        result.after -= swaps[best].gain;
        result.second_after -= swaps[best].second_gain;
        result.swaps.push_back(swaps[best]);
    }
    return result;
}

}  // namespace fm
