// Rows of the "probes" table (core/run/gate_tables.h).
#pragma once

#include <cstdint>

#include "core/engine/plan_evaluator.h"
#include "core/run/gate_tables.h"

namespace fm {

// `step` is the step of the job the plan belongs to, -1 where there is none.
Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& scores);

}  // namespace fm
