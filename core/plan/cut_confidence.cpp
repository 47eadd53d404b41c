#include "core/plan/cut_confidence.h"

#include <algorithm>
#include <cmath>

namespace fm {

bool LayerConfidence::sure() const { return pinned || distance > std::max(2 * spread, kSmallestMargin / 2); }

double LayerConfidence::level() const {
    if (sure()) return 1;
    return std::clamp(distance / std::max(2 * spread, kSmallestMargin / 2), 0.0, 1.0);
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
    const auto spreadOf = [&spread](std::size_t l) { return l < spread.size() ? spread[l] : 0.0; };
    double last_kept = INFINITY, first_out = -INFINITY;
    std::size_t kept_layer = 0, out_layer = 0;
    for (std::size_t l = 0; l < score.size(); ++l) {
        if (confidence.layers[l].pinned) continue;
        if (plan.kinds[l] == LayerKind::Full && score[l] < last_kept) last_kept = score[l], kept_layer = l;
        if (plan.kinds[l] == LayerKind::Linear && score[l] > first_out) first_out = score[l], out_layer = l;
    }
    confidence.exists = std::isfinite(last_kept) && std::isfinite(first_out);
    if (!confidence.exists) return confidence;
    confidence.cut = (last_kept + first_out) / 2;
    confidence.margin = last_kept - first_out;
    confidence.noise = std::max(spreadOf(kept_layer), spreadOf(out_layer));
    for (std::size_t l = 0; l < score.size(); ++l) {
        const bool kept = plan.kinds[l] == LayerKind::Full;
        // A layer on the wrong side of the cut (swapped or flipped by hand) has no distance: the gates disagree.
        confidence.layers[l].distance = std::max(0.0, kept ? score[l] - confidence.cut : confidence.cut - score[l]);
        confidence.layers[l].spread = spreadOf(l);
    }
    return confidence;
}

std::vector<double> spreadOfRows(const std::vector<std::vector<double>>& alpha_NL) {
    if (alpha_NL.empty()) return {};
    const double rows = static_cast<double>(alpha_NL.size());
    std::vector<double> spread(alpha_NL[0].size());
    for (std::size_t l = 0; l < spread.size(); ++l) {
        double sum = 0, squares = 0;
        for (const std::vector<double>& alpha_L : alpha_NL) sum += alpha_L[l], squares += alpha_L[l] * alpha_L[l];
        spread[l] = std::sqrt(std::max(0.0, squares / rows - sum * sum / rows / rows));
    }
    return spread;
}

}  // namespace fm
