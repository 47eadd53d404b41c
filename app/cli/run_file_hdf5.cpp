// Run files as HDF5, through core/store.
#include <filesystem>

#include "app/cli/run_file.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/store/jsonl_import.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"

namespace fm::cli {

namespace {

namespace fs = std::filesystem;

class Hdf5Sink final : public RunFileSink {
public:
    explicit Hdf5Sink(std::unique_ptr<RunWriter> writer) : writer_(std::move(writer)) {}
    void post(const RunEvent& event) override { writer_->post(event); }
    void flush() override { writer_->flush(); }
    void close() override { writer_->close(); }

private:
    std::unique_ptr<RunWriter> writer_;
};

Cell readCell(const RunReader& reader, const Column& column, std::int64_t row) {
    switch (column.type) {
        case CellType::Int64:
            return reader.readIntegers(column.path, row, 1).at(0);
        case CellType::Float64:
            return reader.readNumbers(column.path, row, 1).at(0);
        case CellType::Float32Vector:
            return reader.readVectors(column.path, row, 1).values;
        case CellType::Text:
            return reader.readTexts(column.path, row, 1).at(0);
    }
    return {};
}

}  // namespace

std::unique_ptr<RunFileSink> newRunFile(const std::string& folder) {
    return std::make_unique<Hdf5Sink>(RunWriter::inFolder(folder));
}

std::unique_ptr<RunFileSink> resumeRunFileSink(WriterLock lock,
                                               const std::map<std::string, std::int64_t>& rows_to_keep) {
    return std::make_unique<Hdf5Sink>(RunWriter::resume(std::move(lock), rows_to_keep));
}

bool isRunFile(const std::string& file) {
    const fs::path suffix = fs::path(file).extension();
    return suffix == ".h5" || suffix == ".jsonl";
}

RunReport readRunFile(const std::string& file) {
    if (fs::path(file).extension() == ".jsonl") return readJsonlReport(file);
    const RunReader reader(file);
    RunReport report;
    report.header = reader.header();
    report.status = reader.interrupted() ? "interrupted" : toString(reader.state());
    const std::vector<StateLine> states = reader.readStates();
    if (!states.empty()) report.status_text = states.back().text;
    for (std::size_t table = 0; table < report.header.tables.size(); ++table) {
        const std::int64_t rows = reader.rows(static_cast<int>(table));
        report.rows.push_back(rows);
        Row& last_row = report.last_rows.emplace_back();
        if (rows == 0) continue;
        for (const Column& column : report.header.tables[table].columns) {
            last_row.push_back(readCell(reader, column, rows - 1));
        }
    }
    return report;
}

std::string importRun(const std::string& jsonl_file, const std::string& folder) {
    const std::string run_id = readJsonlReport(jsonl_file).header.run_id;
    std::string path = (fs::path(folder) / (run_id + ".h5")).string();
    if (fs::exists(path)) throw WorldError(path + ": is there already; this run has been imported before");
    makeFolders(folder);
    importJsonl(jsonl_file, path);
    return path;
}

}  // namespace fm::cli
