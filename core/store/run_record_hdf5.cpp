// Run files as HDF5, through core/store.
#include <filesystem>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/store/jsonl_import.h"
#include "core/store/jsonl_run.h"
#include "core/store/run_record.h"
#include "core/store/run_writer.h"

namespace fm {

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

std::string importRun(const std::string& jsonl_file, const std::string& folder) {
    const std::string run_id = headerOfJsonl(jsonl_file).run_id;
    std::string path = (fs::path(folder) / (run_id + ".h5")).string();
    if (fs::exists(path)) throw WorldError(path + ": is there already; this run has been imported before");
    makeFolders(folder);
    importJsonl(jsonl_file, path);
    return path;
}

}  // namespace fm
