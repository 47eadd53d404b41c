// What a run has recorded, whichever way a build keeps runs. Two implementations, one chosen by CMake:
// recorded_run_hdf5.cpp (FM_WITH_HDF5) and recorded_run_jsonl.cpp. Who follows a live HDF5 run uses run_reader.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/run/event.h"
#include "core/store/event_tables.h"

namespace fm {

// As of the time it was opened. Damaged content is a FormatError naming path and key. Thread: one at a time.
class RecordedRun {
public:
    virtual ~RecordedRun() = default;

    virtual const std::string& path() const = 0;
    virtual const RunOpened& header() const = 0;
    virtual RunState state() const = 0;
    virtual bool interrupted() const = 0;                           // neither at its end nor being written
    virtual std::int64_t rows(const std::string& table) const = 0;  // 0 when the run has no such table
    virtual bool has(const std::string& column) const = 0;

    // Rows [first, first + count) of one column, cut to the rows there are; `count` < 0: to the end. FormatError when
    // there is no such column of that type. Integers may be read as numbers.
    virtual std::vector<double> readNumbers(const std::string& column, std::int64_t first = 0,
                                            std::int64_t count = -1) const = 0;
    virtual std::vector<std::string> readTexts(const std::string& column, std::int64_t first = 0,
                                               std::int64_t count = -1) const = 0;
    virtual std::vector<float> readVector(const std::string& column, std::int64_t row) const = 0;

    // Whole rows, as the job appended them. `table`: index into tablesWithEvents(header().tables). Rows
    // [first, first + count) are cut to the rows there are.
    virtual std::int64_t countRows(int table) const = 0;
    virtual std::vector<Row> readRows(int table, std::int64_t first, std::int64_t count) const = 0;
};

// FormatError, or WorldError when there is no such file or this build cannot read it.
std::unique_ptr<RecordedRun> openRecordedRun(const std::string& path);

const char* runFileSuffix();  // of the files that runs are kept in: ".h5" or ".jsonl"

}  // namespace fm
