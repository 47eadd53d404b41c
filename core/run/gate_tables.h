// What a gate run records. Here, and not with the job, because programs without LibTorch record and read such runs too.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/table.h"

namespace fm {

// Table 0 "steps" and table 1 "probes" of a gate run.
std::vector<Table> gatesTables(std::int64_t num_layers);

// The "probes" table that every job shares: one measured plan a row.
Table probeTable(std::int64_t num_layers);

}  // namespace fm
