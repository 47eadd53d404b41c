// Log and states of a run as rows of two further tables, whichever way a build keeps runs.
#pragma once

#include <vector>

#include "core/run/event.h"

namespace fm {

inline constexpr const char* kLogTable = "events_log";
inline constexpr const char* kStateTable = "events_state";

// Behind the run's own tables those of its log and of its states: one row per event with seq, wall_ms, severity or
// state, and text. `text_bytes`: the width of the text column.
std::vector<Table> withEventTables(std::vector<Table> tables, int text_bytes);

// The same with texts that are whole, as readers give them.
std::vector<Table> tablesWithEvents(const std::vector<Table>& tables);

Row logRow(const RunEvent& event, const Logged& logged);
Row stateRow(const RunEvent& event, const StateChanged& changed);

// A row of the log or of the states as the event it was; FormatError when it is none.
RunEvent eventOfLogRow(const Row& row);
RunEvent eventOfStateRow(const Row& row);

}  // namespace fm
