// What a selection records.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/table.h"

namespace fm {

namespace select_tables {
inline constexpr int kPlans = 0, kLayers = 1, kTried = 2, kInclusion = 3, kProbes = 4, kSequences = 5;
}

// "plans": one selected plan a row, in the order found; "layers": one selector's value per layer; "tried": every plan
// measured on the way, with its objective on the choosing probe; "inclusion"; "probes": row i measures row i of
// "plans"; "sequences".
std::vector<Table> selectTables(std::int64_t num_layers);

}  // namespace fm
