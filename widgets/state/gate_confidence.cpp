#include "widgets/state/gate_confidence.h"

#include <algorithm>

#include "widgets/state/run_data.h"

namespace fm {

std::vector<double> gateSpread(const RunData& run, std::int64_t step) {
    const std::int64_t window = std::min(spreadWindow(step + 1), step + 1);
    std::vector<std::vector<double>> alpha_NL;
    for (std::int64_t s = step - window + 1; s <= step; ++s) {
        const std::span<const float> alpha_L = run.vectorRow("gates/alpha", s);
        alpha_NL.emplace_back(alpha_L.begin(), alpha_L.end());
    }
    return spreadOfRows(alpha_NL);
}

}  // namespace fm
