// Run files without HDF5: one JSON line per event.
#include <filesystem>
#include <fstream>

#include "app/cli/run_file.h"
#include "core/run/error.h"
#include "core/run/event_json.h"
#include "core/run/jsonl_sink.h"

namespace fm::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".jsonl";

// Creates its file when the run's id is known.
class JsonlFileSink final : public RunFileSink {
public:
    explicit JsonlFileSink(std::string folder) : folder_(std::move(folder)) {}

    void post(const RunEvent& event) override {
        if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
            fs::create_directories(folder_);
            sink_ = std::make_unique<JsonlSink>((fs::path(folder_) / (opened->run_id + kSuffix)).string());
        }
        sink_->post(event);
    }
    void flush() override { sink_->flush(); }
    void close() override { sink_.reset(); }

private:
    std::string folder_;
    std::unique_ptr<JsonlSink> sink_;
};

// Copies what is kept of the old file, then goes on with numbers that follow. The copy replaces the old file when it is
// complete.
class ResumedJsonlSink final : public RunFileSink {
public:
    ResumedJsonlSink(std::string file, std::map<std::string, std::int64_t> rows_to_keep)
        : file_(std::move(file)), rows_left_(std::move(rows_to_keep)) {}

    void post(const RunEvent& event) override {
        if (std::holds_alternative<RunOpened>(event.body)) return copyOldEvents();
        sink_->post({next_seq_++, event.wall_ms, event.body});
    }
    void flush() override { sink_->flush(); }
    void close() override { sink_.reset(); }

private:
    void copyOldEvents() {
        const std::string temporary = file_ + ".tmp";
        sink_ = std::make_unique<JsonlSink>(temporary);
        std::ifstream stream(file_);
        EventDecoder decoder;
        for (std::string line; std::getline(stream, line) && !stream.eof();) {
            const RunEvent event = decoder.decodeLine(line);
            if (const auto* opened = std::get_if<RunOpened>(&event.body)) tables_ = opened->tables;
            if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
                if (rows_left_[tables_[static_cast<std::size_t>(appended->table)].name]-- <= 0) continue;
            }
            sink_->post({next_seq_++, event.wall_ms, event.body});
        }
        sink_->post({next_seq_++, 0, StateChanged{RunState::Running, "resumed"}});  // a state change goes to the disk
        fs::rename(temporary, file_);
    }

    std::string file_;
    std::map<std::string, std::int64_t> rows_left_;
    std::vector<Table> tables_;
    std::unique_ptr<JsonlSink> sink_;
    std::uint64_t next_seq_ = 0;
};

}  // namespace

std::unique_ptr<RunFileSink> makeRunFileSink(const std::string& folder) {
    return std::make_unique<JsonlFileSink>(folder);
}

std::unique_ptr<RunFileSink> resumeRunFileSink(const std::string& file,
                                               const std::map<std::string, std::int64_t>& rows_to_keep) {
    return std::make_unique<ResumedJsonlSink>(file, rows_to_keep);
}

bool isRunFile(const std::string& file) { return fs::path(file).extension() == kSuffix; }

std::string findRunFile(const std::string& folder, const std::string& run_id) {
    const std::string path = (fs::path(folder) / (run_id + kSuffix)).string();
    return fs::is_regular_file(path) ? path : std::string();
}

RunReport readRunFile(const std::string& file) { return readJsonlReport(file); }

std::string importRun(const std::string& jsonl_file, const std::string&) {
    throw WorldError(jsonl_file + ": this program was built without HDF5; import the file where it was built with it");
}

}  // namespace fm::cli
