// Whole rows of a run file, as the job appended them; log and states as rows of two further tables.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/event.h"
#include "core/store/run_reader.h"

namespace fm {

// The run's tables and, behind them, log ("events_log") and states ("events_state"): one row per event with seq,
// wall_ms, severity or state, and text.
std::vector<Table> tablesWithEvents(const std::vector<Table>& tables);

// `table`: index into tablesWithEvents() of the run.
std::int64_t countRows(const RunReader& reader, int table);

// Rows [first, first + count) of such a table, cut to the rows there are. FormatError as RunReader's.
std::vector<Row> readRows(const RunReader& reader, int table, std::int64_t first, std::int64_t count);

// A row of the log or of the states as the event it was; FormatError when it is none.
RunEvent eventOfLogRow(const Row& row);
RunEvent eventOfStateRow(const Row& row);

}  // namespace fm
