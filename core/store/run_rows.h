// Whole rows of a run file, as the job appended them; log and states as rows of two further tables (event_tables.h).
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/event.h"
#include "core/store/event_tables.h"
#include "core/store/run_reader.h"

namespace fm {

// `table`: index into tablesWithEvents() of the run.
std::int64_t countRows(const RunReader& reader, int table);

// Rows [first, first + count) of such a table, cut to the rows there are. FormatError as RunReader's.
std::vector<Row> readRows(const RunReader& reader, int table, std::int64_t first, std::int64_t count);

}  // namespace fm
