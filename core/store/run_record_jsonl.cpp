// Run files without HDF5: one JSON line per event.
#include <filesystem>

#include "core/base/error.h"
#include "core/store/jsonl_writer.h"
#include "core/store/recorded_run.h"
#include "core/store/run_record.h"

namespace fm {

namespace {

namespace fs = std::filesystem;

class JsonlRunSink final : public RunFileSink {
public:
    explicit JsonlRunSink(std::unique_ptr<JsonlWriter> writer) : writer_(std::move(writer)) {}
    void post(const RunEvent& event) override { writer_->post(event); }
    void flush() override { writer_->flush(); }
    void close() override { writer_->close(); }

private:
    std::unique_ptr<JsonlWriter> writer_;
};

}  // namespace

std::unique_ptr<RunFileSink> newRunFile(const std::string& folder) {
    return std::make_unique<JsonlRunSink>(JsonlWriter::inFolder(folder));
}

std::unique_ptr<RunFileSink> resumeRunFileSink(WriterLock lock,
                                               const std::map<std::string, std::int64_t>& rows_to_keep) {
    return std::make_unique<JsonlRunSink>(JsonlWriter::resume(std::move(lock), rows_to_keep));
}

bool isRunFile(const std::string& file) { return fs::path(file).extension() == runFileSuffix(); }

std::string importRun(const std::string& jsonl_file, const std::string&) {
    throw WorldError(jsonl_file + ": this program was built without HDF5; import the file where it was built with it");
}

}  // namespace fm
