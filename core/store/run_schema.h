// The layout of a run file, shared by its writer and its reader. Private to core/store.
//
//   /                       attributes schema_version, run_id, job, status, spec_json, software, device, teacher_hash,
//                           parents[]; chat_family where prompts had a chat form
//   /<Column::path>         one dataset per column, N or N x width; attributes unit, help, table
//   /events/log/*           seq, wall_ms, severity, text      /events/state/*   seq, wall_ms, state, text
//   /tables/<name>/rows     number of complete rows; written after the rows themselves have been flushed
//   /tables/<name>/columns  the paths, in the table's order; attribute index: the table's place in the run's list
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/run/event.h"
#include "core/store/h5.h"

namespace fm::run_schema {

constexpr int version = 1;
constexpr std::size_t status_bytes = 16;
constexpr int event_text_bytes = 512;  // longer texts take several rows with the same seq

// The tables of the file: the job's own and, behind them, the two of events.
std::vector<Table> storedTables(const std::vector<Table>& tables);
inline std::size_t logTable(const RunOpened& header) { return header.tables.size(); }
inline std::size_t stateTable(const RunOpened& header) { return header.tables.size() + 1; }
bool isEventTable(const std::string& table);

// FormatError when ids, names, paths or sizes could not become a run file. The header may come from a file or a pipe.
void checkHeader(const RunOpened& header);

std::size_t rowBytes(const Column& column);
h5::Id memoryType(const Column& column);
std::size_t chunkRows(const Column& column);

}  // namespace fm::run_schema
