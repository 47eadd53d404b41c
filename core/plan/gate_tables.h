// What a gate run records. Here, and not with the job, because programs without LibTorch record and read such runs too.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/table.h"

namespace fm {

// Of a gate run: table 0 "steps"; table 1 "probes" (probe_tables.h); table 2 "layers", one row.
std::vector<Table> gatesTables(std::int64_t num_layers);

}  // namespace fm
