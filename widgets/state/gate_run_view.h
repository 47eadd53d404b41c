// A gate run at one step: ranking, final plan. The same choices as `flashmorph plan`.
#pragma once

#include <cstdint>
#include <optional>

#include "core/plan/gate_plan.h"
#include "widgets/state/run_data.h"

namespace fm {

// Time-averaged gates first, except in paper mode. Empty when the run has no such step.
LayerRanking rankingAt(const RunData& run, std::int64_t step);
// The plan that a finished run ended with, after its swaps; none before its end.
std::optional<Plan> endedWith(const RunData& run);

// Rows are steps unless a live run's rows were thinned: these two go from one to the other.
std::optional<double> stepOfRow(const RunData& run, std::int64_t row);
std::int64_t rowOfStep(const RunData& run, double step);  // the nearest

}  // namespace fm
