// Whole rows of a run file, as the job appended them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/event.h"
#include "core/store/run_reader.h"

namespace fm {

// Rows [first, first + count) of header().tables[table], cut to the rows there are. FormatError as RunReader's.
std::vector<Row> readRows(const RunReader& reader, int table, std::int64_t first, std::int64_t count);

}  // namespace fm
