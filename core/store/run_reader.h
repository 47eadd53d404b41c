// Reads run files: finished ones, ones being written, ones whose writer was killed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/run/event.h"

namespace fm {

// Row-major, rows x width.
struct FloatMatrix {
    std::int64_t rows = 0;
    int width = 0;
    std::vector<float> values;
};

struct LogLine {
    std::uint64_t seq = 0;
    double wall_ms = 0;
    Severity severity = Severity::Info;
    std::string text;
};

struct StateLine {
    std::uint64_t seq = 0;
    double wall_ms = 0;
    RunState state = RunState::Running;
    std::string text;
};

// Hostile or damaged content is a FormatError naming path and key; a file that cannot be opened a WorldError.
// Rows that a killed process left unfinished are never seen.
// Thread: one at a time; several readers of one file are independent.
class RunReader {
public:
    // Summary, for lists of many runs: columns are opened and checked when they are read, and there is neither log nor
    // state history. header() has the paths of columns, but not their types, units and help; column() has them.
    enum class Detail { Whole, Summary };
    explicit RunReader(std::string path, Detail detail = Detail::Whole);
    ~RunReader();
    RunReader(RunReader&&) noexcept;
    RunReader& operator=(RunReader&&) noexcept;

    const std::string& path() const;
    const RunOpened& header() const;                      // with every table and column of the job
    const Column& column(const std::string& path) const;  // FormatError when there is none
    RunState state() const;                               // as of the last refresh()

    // True while a process writes this file. A run that is not at its end and has no writer was interrupted.
    bool hasLiveWriter() const;
    bool interrupted() const { return !isTerminal(state()) && !hasLiveWriter(); }

    // Looks for new rows and a new state; true when there are any. Rows may have become fewer when the run was
    // resumed from an earlier point. Cheap enough for a timer.
    bool refresh();

    std::int64_t rows(int table) const;                           // complete rows of header().tables[table]
    std::optional<int> findTable(const std::string& name) const;  // index into header().tables
    struct Place {
        int table = 0;
        int column = 0;
    };
    std::optional<Place> find(const std::string& column_path) const;

    // Rows [first, first + count) of one column, cut to the rows there are; `count` < 0: to the end. FormatError when
    // there is no such column of that type. Integers may be read as doubles.
    std::vector<std::int64_t> readIntegers(const std::string& column, std::int64_t first = 0,
                                           std::int64_t count = -1) const;
    std::vector<double> readNumbers(const std::string& column, std::int64_t first = 0, std::int64_t count = -1) const;
    FloatMatrix readVectors(const std::string& column, std::int64_t first = 0, std::int64_t count = -1) const;
    std::vector<std::string> readTexts(const std::string& column, std::int64_t first = 0,
                                       std::int64_t count = -1) const;
    std::vector<LogLine> readLog() const;
    std::vector<StateLine> readStates() const;

    // For copying a run file: `table` may also be the log (number of tables) or the states (one more).
    std::vector<char> readRaw(int table, int column, std::int64_t count) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fm
