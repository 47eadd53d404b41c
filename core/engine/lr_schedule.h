// Learning rates as pure functions of the step.
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

// From `edge` x peak up to peak over the first fifth, flat, and back down over the last fifth (method.md 12.10).
struct TrapezoidSchedule {
    double peak = 2e-2;
    double edge = 0.1;
    std::int64_t steps = 1;

    double at(std::int64_t step) const {
        const double position = steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 0.5;
        const double rise = std::clamp(std::min(position, 1 - position) / 0.2, 0.0, 1.0);
        return peak * (edge + (1 - edge) * rise);
    }
};

}  // namespace fm
