// The "probes" table that every job shares: one measured plan a row.
#pragma once

#include <cstdint>

#include "core/engine/plan_evaluator.h"
#include "core/run/table.h"

namespace fm {

Table probeTable(std::int64_t num_layers);

// `step` is the step of the job the plan belongs to, -1 where there is none.
Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& scores);

}  // namespace fm
