// Recorded runs out of HDF5 run files; records of engines without HDF5 can be looked at before they are imported.
#include "core/store/jsonl_run.h"
#include "core/store/recorded_run.h"
#include "core/store/run_reader.h"
#include "core/store/run_rows.h"
#include "core/store/study.h"

namespace fm {

namespace {

class Hdf5Run final : public RecordedRun {
public:
    explicit Hdf5Run(const std::string& path) : reader_(path) {}

    const std::string& path() const override { return reader_.path(); }
    const RunOpened& header() const override { return reader_.header(); }
    RunState state() const override { return reader_.state(); }
    bool interrupted() const override { return reader_.interrupted(); }
    std::int64_t rows(const std::string& table) const override {
        const std::optional<int> found = reader_.findTable(table);
        return found ? reader_.rows(*found) : 0;
    }
    bool has(const std::string& column) const override { return reader_.find(column).has_value(); }
    std::vector<double> readNumbers(const std::string& column, std::int64_t first, std::int64_t count) const override {
        return reader_.readNumbers(column, first, count);
    }
    std::vector<std::string> readTexts(const std::string& column, std::int64_t first,
                                       std::int64_t count) const override {
        return reader_.readTexts(column, first, count);
    }
    std::vector<float> readVector(const std::string& column, std::int64_t row) const override {
        return reader_.readVectors(column, row, 1).values;
    }
    std::int64_t countRows(int table) const override { return fm::countRows(reader_, table); }
    std::vector<Row> readRows(int table, std::int64_t first, std::int64_t count) const override {
        return fm::readRows(reader_, table, first, count);
    }

private:
    RunReader reader_;
};

}  // namespace

std::unique_ptr<RecordedRun> openRecordedRun(const std::string& path) {
    if (path.ends_with(".jsonl")) return std::make_unique<JsonlRun>(path);
    return std::make_unique<Hdf5Run>(path);
}

const char* runFileSuffix() { return ".h5"; }

RunSummary summarizeRun(const RunReader& reader) {
    RunSummary summary = summaryOf(reader.header());
    summary.path = reader.path();
    summary.state = reader.state();
    summary.interrupted = reader.interrupted();
    for (std::size_t i = 0; i < reader.header().tables.size(); ++i)
        summary.rows[reader.header().tables[i].name] = reader.rows(static_cast<int>(i));
    return summary;
}

RunSummary readRunSummary(const std::string& path) { return summarizeRun(RunReader(path, RunReader::Detail::Summary)); }

}  // namespace fm
