#include "core/store/event_tables.h"

#include <optional>
#include <utility>

#include "core/base/error.h"

namespace fm {

namespace {

RunEvent eventOf(const Row& row, EventBody body) {
    return {static_cast<std::uint64_t>(std::get<std::int64_t>(row.at(0))), std::get<double>(row.at(1)),
            std::move(body)};
}

Row rowOf(const RunEvent& event, const char* word, const std::string& text) {
    return {static_cast<std::int64_t>(event.seq), event.wall_ms, std::string(word), text};
}

}  // namespace

std::vector<Table> withEventTables(std::vector<Table> tables, int text_bytes) {
    tables.push_back({kLogTable,
                      {{"events/log/seq", CellType::Int64, 1, "", "number of the event in its run"},
                       {"events/log/wall_ms", CellType::Float64, 1, "ms", "time since the run was opened"},
                       {"events/log/severity", CellType::Text, 8, "", "info, warning or error"},
                       {"events/log/text", CellType::Text, text_bytes, "", "the message"}}});
    tables.push_back({kStateTable,
                      {{"events/state/seq", CellType::Int64, 1, "", "number of the event in its run"},
                       {"events/state/wall_ms", CellType::Float64, 1, "ms", "time since the run was opened"},
                       {"events/state/state", CellType::Text, 16, "", "the state from here on"},
                       {"events/state/text", CellType::Text, text_bytes, "", "why, when it failed"}}});
    return tables;
}

std::vector<Table> tablesWithEvents(const std::vector<Table>& tables) {
    constexpr int longest_text = 1 << 20;
    return withEventTables(tables, longest_text);
}

Row logRow(const RunEvent& event, const Logged& logged) { return rowOf(event, toString(logged.severity), logged.text); }

Row stateRow(const RunEvent& event, const StateChanged& changed) {
    return rowOf(event, toString(changed.state), changed.text);
}

RunEvent eventOfLogRow(const Row& row) {
    const std::optional<Severity> severity = severityFromString(std::get<std::string>(row.at(2)));
    if (!severity) throw FormatError("events_log: severity is none of info, warning, error");
    return eventOf(row, Logged{*severity, std::get<std::string>(row.at(3))});
}

RunEvent eventOfStateRow(const Row& row) {
    const std::optional<RunState> state = runStateFromString(std::get<std::string>(row.at(2)));
    if (!state) throw FormatError("events_state: state is no state of a run");
    return eventOf(row, StateChanged{*state, std::get<std::string>(row.at(3))});
}

}  // namespace fm
