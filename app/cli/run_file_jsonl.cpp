// Run files without HDF5: one JSON line per event.
#include <filesystem>

#include "app/cli/run_file.h"
#include "core/run/error.h"
#include "core/run/jsonl_sink.h"

namespace fm::cli {

namespace {

namespace fs = std::filesystem;

// Creates its file when the run's id is known.
class LazyJsonlSink final : public EventSink {
public:
    explicit LazyJsonlSink(std::string folder) : folder_(std::move(folder)) {}

    void post(const RunEvent& event) override {
        if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
            fs::create_directories(folder_);
            sink_ = std::make_unique<JsonlSink>((fs::path(folder_) / (opened->run_id + ".jsonl")).string());
        }
        sink_->post(event);
    }

private:
    std::string folder_;
    std::unique_ptr<JsonlSink> sink_;
};

}  // namespace

std::unique_ptr<EventSink> makeRunFileSink(const std::string& folder) {
    return std::make_unique<LazyJsonlSink>(folder);
}

bool isRunFile(const std::string& file) { return fs::path(file).extension() == ".jsonl"; }

RunSummary readRunFile(const std::string& file) { return readJsonlSummary(file); }

std::string importRun(const std::string& jsonl_file, const std::string&) {
    throw WorldError(jsonl_file + ": this program was built without HDF5; import the file where it was built with it");
}

}  // namespace fm::cli
