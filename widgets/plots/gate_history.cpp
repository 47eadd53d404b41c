#include "widgets/plots/gate_history.h"

#include <algorithm>
#include <cmath>

namespace fm {

void GateHistory::append(std::span<const double> steps, std::span<const float> alpha) {
    const auto width = static_cast<std::size_t>(num_layers_);
    for (std::size_t row = 0; row < steps.size() && (row + 1) * width <= alpha.size(); ++row) {
        if (!std::isfinite(steps[row]) || (!steps_.empty() && !(steps[row] > steps_.back()))) continue;
        steps_.push_back(steps[row]);
        for (std::size_t layer = 0; layer < width; ++layer) alpha_[layer].push_back(alpha[row * width + layer]);
    }
}

std::optional<std::size_t> GateHistory::rowAt(double step) const {
    if (steps_.empty()) return std::nullopt;
    const std::size_t after = steps_.firstAbove(step, 0, steps_.size());
    return after == 0 ? 0 : after - 1;
}

double GateHistory::cellEnd(std::size_t row) const {
    if (row + 1 < steps_.size()) return steps_[row + 1];
    return steps_[row] + (row > 0 ? steps_[row] - steps_[row - 1] : 1.0);
}

}  // namespace fm
