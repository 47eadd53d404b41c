// The cosine learning rate as a pure function of the step; gate_optimizer.h has the trapezoid of the gates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace fm {

// Linear from peak/warm_up to peak over `warm_up` steps, then a cosine to `floor` at the last step.
struct CosineSchedule {
    double peak = 1e-3;
    double floor = 0;
    std::int64_t warm_up = 0;
    std::int64_t steps = 1;

    double at(std::int64_t step) const {
        if (step < warm_up) return peak * static_cast<double>(step + 1) / static_cast<double>(warm_up);
        const double span = std::max<double>(1, static_cast<double>(steps - 1 - warm_up));
        const double done = std::clamp(static_cast<double>(step - warm_up) / span, 0.0, 1.0);
        return floor + (peak - floor) * 0.5 * (1 + std::cos(std::numbers::pi * done));
    }
};

}  // namespace fm
