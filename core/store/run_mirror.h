// The run of an engine on another machine, kept as a run file on this one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/run/event.h"
#include "core/store/run_writer.h"

namespace fm {

// A run file that is the copy of a run which is over at the other side, and still lacks rows or the end, has a mark
// beside it: without the end alone it would show as live or interrupted. The mark is set before the file is made.
bool isPartialCopy(const std::string& run_path);
void markPartialCopy(const std::string& run_path, bool partial);  // throws WorldError

// Fed with the events that arrive, it writes what the run's own file says there: rows from the events; log and states
// fetched, because only the file there knows which of them it kept. What did not arrive is asked for and written before
// what came later; the run's end is written when everything else is there.
// Thread: one at a time. Failures of the disk are WorldErrors, as RunWriter's.
class RunMirror {
public:
    // Asks for rows [first, first + count) of a table of tablesWithEvents(); fetched() or fetchFailed() answers, later
    // or at once.
    using Fetch = std::function<void(const std::string& table, std::int64_t first, std::int64_t count)>;
    RunMirror(std::string runs_folder, Fetch fetch) : folder_(std::move(runs_folder)), fetch_(std::move(fetch)) {}

    // First event: RunOpened with the rows that each table holds already at the other side. A local file of the run is
    // gone on with, or replaced when it cannot be.
    void open(const RunOpened& header, const std::vector<std::int64_t>& rows);
    // `row`: of RowAppended, the row's index in its table.
    void take(const RunEvent& event, std::int64_t row);
    // What the other side says about a run whose events do not come. `ended`: nobody writes it any more, whatever its
    // last state is; without an end of its own it then shows as interrupted here, too.
    void learn(const std::vector<std::int64_t>& rows, bool ended);

    // `total`: how many rows the table has there. Fewer rows than asked for are asked for again, from where they end.
    void fetched(const std::string& table, std::int64_t first, std::vector<Row> rows, std::int64_t total);
    // The other side cannot give them now. Asked again when the next row arrives, or by askAgain().
    void fetchFailed(const std::string& table);
    void askAgain();

    std::string path() const;
    const RunOpened& header() const { return header_; }
    std::int64_t rows(std::size_t table) const { return tables_.at(table).have; }
    bool ended() const { return ended_; }                 // at the other side
    bool complete() const { return writer_ == nullptr; }  // everything is written and the file closed

private:
    struct TableState {
        Table table;
        std::int64_t have = 0;   // written here
        std::int64_t there = 0;  // known to be at the other side
        bool stale = false;      // there may be more at the other side than is known
        bool asked = false;
        bool missing() const { return have < there || stale || asked; }
    };
    std::size_t logTable() const { return header_.tables.size(); }
    std::size_t stateTable() const { return header_.tables.size() + 1; }
    void startFile(const std::vector<std::int64_t>& rows);
    void resumeFile(WriterLock lock, const std::vector<std::int64_t>& rows);
    void append(std::size_t table, Row row);
    void askFor(std::size_t table);
    bool onlyStatesMissing() const;
    void finish();
    std::size_t tableNamed(const std::string& name) const;

    std::string folder_;
    Fetch fetch_;
    RunOpened header_;
    std::vector<TableState> tables_;  // as tablesWithEvents()
    std::unique_ptr<RunWriter> writer_;
    bool ended_ = false;
};

}  // namespace fm
