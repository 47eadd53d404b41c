#include "core/run/gate_plan.h"

#include <utility>

namespace fm {

LayerRanking gateRanking(const std::string& mode, std::vector<double> alpha_L, std::vector<double> mean_L) {
    if (mode == "paper") return {std::move(alpha_L), std::move(mean_L), {}};
    return {std::move(mean_L), std::move(alpha_L), {}};
}

Plan gatePlan(const LayerRanking& ranking, int budget, const std::vector<Pin>& pins,
              const std::optional<Plan>& ended_with) {
    if (ended_with && pins.empty() && ended_with->budget() == budget) return *ended_with;
    return discretise(ranking, budget, pins);
}

Plan planFromKey(const std::string& key) {
    Plan plan;
    for (const char kind : key) plan.kinds.push_back(kind == 'F' ? LayerKind::Full : LayerKind::Linear);
    return plan;
}

}  // namespace fm
