#include "widgets/state/gate_confidence.h"

#include <algorithm>
#include <cmath>

#include "widgets/state/run_data.h"

namespace fm {

double LayerConfidence::level() const {
    if (sure()) return 1;
    return std::clamp(distance / (2 * spread), 0.0, 1.0);
}

int CutConfidence::sureFullLayers(const Plan& plan) const {
    int count = 0;
    for (const int layer : plan.fullLayers()) count += exists && layers[static_cast<std::size_t>(layer)].sure();
    return count;
}

std::int64_t spreadWindow(std::int64_t steps) { return std::clamp<std::int64_t>(steps / 5, 8, 200); }

CutConfidence cutConfidence(const std::vector<double>& score, const std::vector<double>& spread, const Plan& plan) {
    CutConfidence confidence;
    confidence.layers.resize(score.size());
    if (score.size() != plan.kinds.size()) return confidence;
    for (const Pin& pin : plan.pins) confidence.layers.at(static_cast<std::size_t>(pin.layer)).pinned = true;
    double last_kept = INFINITY, first_out = -INFINITY;
    for (std::size_t l = 0; l < score.size(); ++l) {
        if (confidence.layers[l].pinned) continue;
        if (plan.kinds[l] == LayerKind::Full) last_kept = std::min(last_kept, score[l]);
        if (plan.kinds[l] == LayerKind::Linear) first_out = std::max(first_out, score[l]);
    }
    confidence.exists = std::isfinite(last_kept) && std::isfinite(first_out);
    if (!confidence.exists) return confidence;
    confidence.cut = (last_kept + first_out) / 2;
    confidence.margin = last_kept - first_out;
    for (std::size_t l = 0; l < score.size(); ++l) {
        const bool kept = plan.kinds[l] == LayerKind::Full;
        // A layer on the wrong side of the cut (swapped or flipped by hand) has no distance: the gates disagree.
        confidence.layers[l].distance = std::max(0.0, kept ? score[l] - confidence.cut : confidence.cut - score[l]);
        confidence.layers[l].spread = l < spread.size() ? spread[l] : 0;
    }
    return confidence;
}

std::vector<double> gateSpread(const RunData& run, std::int64_t step) {
    const std::size_t num_layers = run.vectorRow("gates/alpha", step).size();
    std::vector<double> sum(num_layers), squares(num_layers);
    const std::int64_t window = std::min(spreadWindow(step + 1), step + 1);
    for (std::int64_t s = step - window + 1; s <= step; ++s) {
        const std::span<const float> alpha = run.vectorRow("gates/alpha", s);
        for (std::size_t l = 0; l < alpha.size(); ++l) {
            sum[l] += alpha[l];
            squares[l] += double(alpha[l]) * alpha[l];
        }
    }
    for (std::size_t l = 0; l < num_layers; ++l) {
        const double mean = sum[l] / double(window);
        squares[l] = std::sqrt(std::max(0.0, squares[l] / double(window) - mean * mean));
    }
    return squares;
}

}  // namespace fm
