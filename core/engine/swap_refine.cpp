#include "core/engine/swap_refine.h"

#include <algorithm>
#include <optional>

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

Plan swapped(Plan plan, const Swap& swap) {
    plan.kinds[swap.out] = LayerKind::Linear;
    plan.kinds[swap.in] = LayerKind::Full;
    return plan;
}

// All swaps of the windows around the cut.
std::vector<Swap> swapsAround(const Plan& plan, const std::vector<int>& order, const SwapOptions& options) {
    std::vector<int> kept = movable(plan, order, LayerKind::Full);
    std::vector<int> left_out = movable(plan, order, LayerKind::Linear);
    if (static_cast<int>(kept.size()) > options.window_out) kept.erase(kept.begin(), kept.end() - options.window_out);
    if (static_cast<int>(left_out.size()) > options.window_in) left_out.resize(options.window_in);
    std::vector<Swap> swaps;
    for (const int out : kept) {
        for (const int in : left_out) swaps.push_back({out, in, 0, {}});
    }
    return swaps;
}

// Those that gain on the selection probe, best first.
std::vector<Swap> gainingSwaps(PlanEvaluator& selection, const Plan& plan, std::vector<Swap> swaps,
                               const SwapOptions& options) {
    std::vector<Plan> plans = {plan};
    for (const Swap& swap : swaps) plans.push_back(swapped(plan, swap));
    const std::vector<ProbeScores> scores = selection.evaluate(plans, options.on_progress);
    const double present = planObjective(scores[0], options.text_kl_weight);
    for (std::size_t i = 0; i < swaps.size(); ++i)
        swaps[i].gain = present - planObjective(scores[i + 1], options.text_kl_weight);
    std::erase_if(swaps, [](const Swap& swap) { return swap.gain <= 0; });
    std::stable_sort(swaps.begin(), swaps.end(), [](const Swap& a, const Swap& b) { return a.gain > b.gain; });
    if (static_cast<int>(swaps.size()) > options.max_tries) swaps.resize(static_cast<std::size_t>(options.max_tries));
    return swaps;
}

// The first that the second probe confirms; the others go to `refused`.
std::optional<Swap> confirmedSwap(PlanEvaluator& second, const Plan& plan, std::vector<Swap> swaps,
                                  const SwapOptions& options, std::vector<Swap>& refused) {
    const ProbeScores now = second.evaluate(plan);
    for (Swap& swap : swaps) {
        const ProbeScores then = second.evaluate(swapped(plan, swap));
        swap.second_gain = compareScores(now, then, options.text_kl_weight).objective;
        if (swap.second_gain.low > 0) return swap;
        refused.push_back(swap);
    }
    return std::nullopt;
}

}  // namespace

SwapResult swapRefine(PlanEvaluator& selection, PlanEvaluator& second, const Plan& start, const std::vector<int>& order,
                      const SwapOptions& options) {
    SwapResult result;
    result.plan = start;
    for (int round = 0; round < options.max_rounds; ++round) {
        const std::vector<Swap> swaps = swapsAround(result.plan, order, options);
        if (swaps.empty()) break;
        const std::vector<Swap> gaining = gainingSwaps(selection, result.plan, swaps, options);
        const std::optional<Swap> swap = confirmedSwap(second, result.plan, gaining, options, result.refused);
        if (!swap) break;
        result.plan = swapped(result.plan, *swap);
        result.swaps.push_back(*swap);
    }
    return result;
}

}  // namespace fm
