// How much the gates of a run still move, for core/plan/cut_confidence.h.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/cut_confidence.h"

namespace fm {

class RunData;

// Standard deviation of gates/alpha per layer over the window that ends with `step`.
std::vector<double> gateSpread(const RunData& run, std::int64_t step);

}  // namespace fm
