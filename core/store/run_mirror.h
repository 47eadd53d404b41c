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

// Fed with the events that arrive, it writes what the run's own file says there. Rows that did not arrive are asked for
// and written before later ones; the run's last state is written when all rows are there.
// Thread: one at a time. Failures of the disk are WorldErrors, as RunWriter's.
class RunMirror {
public:
    // Asks for rows [first, first + count) of a table; fetched() or fetchFailed() answers, later or at once.
    using Fetch = std::function<void(const std::string& table, std::int64_t first, std::int64_t count)>;
    RunMirror(std::string runs_folder, Fetch fetch) : folder_(std::move(runs_folder)), fetch_(std::move(fetch)) {}

    // First event: RunOpened with the rows that each table holds already at the other side. A local file of the run is
    // gone on with. `row`: of RowAppended, the row's index in its table.
    void open(const RunOpened& header, const std::vector<std::int64_t>& rows);
    void take(const RunEvent& event, std::int64_t row);

    // Fewer rows than asked for are asked for again, from where they end; none at all count as a failure.
    void fetched(const std::string& table, std::int64_t first, std::vector<Row> rows);
    // The other side cannot give them now. Asked again when the next row arrives, or by askAgain().
    void fetchFailed(const std::string& table);
    void askAgain();

    std::string path() const;
    const RunOpened& header() const { return header_; }
    std::int64_t rows(std::size_t table) const { return tables_.at(table).have; }
    bool complete() const { return writer_ == nullptr; }  // its last state is written and the file closed

private:
    struct TableState {
        std::int64_t have = 0;   // written here
        std::int64_t there = 0;  // known to be at the other side
        bool asked = false;
    };
    void append(std::size_t table, Row row);
    void fill(std::size_t table);
    void finish();
    std::size_t tableNamed(const std::string& name) const;
    void post(EventBody body, double wall_ms);

    std::string folder_;
    Fetch fetch_;
    RunOpened header_;
    std::vector<TableState> tables_;
    std::unique_ptr<RunWriter> writer_;
    std::unique_ptr<RunEvent> last_;  // the run's end, until every row is here
    std::uint64_t next_seq_ = 0;
};

}  // namespace fm
