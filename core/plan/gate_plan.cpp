#include "core/plan/gate_plan.h"

#include <algorithm>
#include <utility>

namespace fm {

LayerRanking gateRanking(const std::string& mode, std::vector<double> alpha_L, std::vector<double> mean_L,
                         std::vector<double> local_error_L) {
    if (mode == "paper") return {std::move(alpha_L), std::move(mean_L), std::move(local_error_L)};
    return {std::move(mean_L), std::move(alpha_L), std::move(local_error_L)};
}

Plan gatePlan(const LayerRanking& ranking, int budget, const std::vector<Pin>& pins,
              const std::optional<Plan>& ended_with) {
    const auto agrees = [&](const Pin& pin) {
        return pin.layer >= 0 && pin.layer < static_cast<int>(ended_with->kinds.size()) &&
               ended_with->kinds[static_cast<std::size_t>(pin.layer)] == pin.kind;
    };
    if (!ended_with || ended_with->kinds.size() != ranking.score.size() || ended_with->budget() != budget ||
        !std::all_of(pins.begin(), pins.end(), agrees)) {
        return discretise(ranking, budget, pins);
    }
    Plan plan = *ended_with;
    plan.pins = pins;
    return plan;
}

}  // namespace fm
