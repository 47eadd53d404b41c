#include "widgets/state/gate_run_view.h"
#include "core/plan/plan_spelling.h"

#include <algorithm>

namespace fm {

LayerRanking rankingAt(const RunData& run, std::int64_t step) {
    const std::span<const float> alpha = run.vectorRow("gates/alpha", step);
    const std::span<const float> mean = run.vectorRow("gates/alpha_mean", step);
    const std::span<const float> error = run.vectorRow("gates/local_error", 0);  // an older run has none
    return gateRanking(run.specText("mode").toStdString(), {alpha.begin(), alpha.end()}, {mean.begin(), mean.end()},
                       {error.begin(), error.end()});
}

std::optional<Plan> endedWith(const RunData& run) {
    const std::span<const std::string> probed = run.texts("probes/plan");
    if (run.state() != RunState::Finished || probed.empty()) return std::nullopt;
    return planFromKey(probed.back());
}

std::optional<double> stepOfRow(const RunData& run, std::int64_t row) {
    const std::span<const double> steps = run.numbers("steps/index");
    if (row < 0 || row >= static_cast<std::int64_t>(steps.size())) return std::nullopt;
    return steps[static_cast<std::size_t>(row)];
}

std::int64_t rowOfStep(const RunData& run, double step) {
    const std::span<const double> steps = run.numbers("steps/index");
    const auto after = std::lower_bound(steps.begin(), steps.end(), step);
    const std::int64_t row = after - steps.begin();
    if (after == steps.end()) return row - 1;
    if (row > 0 && step - steps[static_cast<std::size_t>(row - 1)] < *after - step) return row - 1;
    return row;
}

}  // namespace fm
