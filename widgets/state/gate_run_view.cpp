#include "widgets/state/gate_run_view.h"

namespace fm {

LayerRanking rankingAt(const RunData& run, std::int64_t step) {
    const std::span<const float> alpha = run.vectorRow("gates/alpha", step);
    const std::span<const float> mean = run.vectorRow("gates/alpha_mean", step);
    return gateRanking(run.specText("mode").toStdString(), {alpha.begin(), alpha.end()}, {mean.begin(), mean.end()});
}

std::optional<Plan> endedWith(const RunData& run) {
    const std::span<const std::string> probed = run.texts("probes/plan");
    if (run.state() != RunState::Finished || probed.empty()) return std::nullopt;
    return planFromKey(probed.back());
}

}  // namespace fm
