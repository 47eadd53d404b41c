#include "core/store/jsonl_import.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>

#include "core/run/atomic_file.h"
#include "core/run/error.h"
#include "core/run/event_json.h"
#include "core/store/run_writer.h"

namespace fm {

namespace {

// Lines of a file, each with whether its line end was there.
class LineReader {
public:
    explicit LineReader(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
        if (!stream_) throw WorldError(fileErrorText(path, "opening", errno));
    }
    bool next() {
        constexpr std::size_t longest_line = std::size_t{64} << 20;
        line_.clear();
        complete_ = false;
        ++number_;
        for (int c = stream_.get(); c != std::char_traits<char>::eof(); c = stream_.get()) {
            if (c == '\n') {
                complete_ = true;
                return true;
            }
            if (line_.size() >= longest_line) fail("is longer than 64 MiB");
            line_ += static_cast<char>(c);
        }
        if (stream_.bad()) throw WorldError(fileErrorText(path_, "reading", errno));
        return !line_.empty();
    }
    const std::string& line() const { return line_; }
    bool complete() const { return complete_; }
    [[noreturn]] void fail(const std::string& what) const {
        throw FormatError(path_ + ": line " + std::to_string(number_) + ": " + what);
    }

private:
    std::string path_;
    std::ifstream stream_;
    std::string line_;
    bool complete_ = false;
    std::int64_t number_ = 0;
};

// Removes the half-made file unless the import came to its end.
class Draft {
public:
    explicit Draft(std::string path) : path_(std::move(path)) {}
    ~Draft() { ::unlink(path_.c_str()); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

static ImportResult importLines(LineReader& reader, RunWriter& writer) {
    ImportResult result;
    EventDecoder decoder;
    while (reader.next()) {
        RunEvent event;
        try {
            event = decoder.decodeLine(reader.line());
        } catch (const FormatError& error) {
            if (!reader.complete() && result.events > 0) {
                result.torn_last_line = true;
                break;
            }
            reader.fail(error.what());
        }
        if (event.seq != static_cast<std::uint64_t>(result.events))
            reader.fail("event " + std::to_string(event.seq) + " comes where event " + std::to_string(result.events) +
                        " should be; lines are missing or mixed up");
        if (std::holds_alternative<RunOpened>(event.body) != (result.events == 0))
            reader.fail("run_opened must be the first event, and only that");
        try {
            writer.post(event);
        } catch (const FormatError& error) {
            reader.fail(error.what());
        }
        ++result.events;
    }
    if (result.events == 0) reader.fail("holds no run");
    return result;
}

ImportResult importJsonl(const std::string& jsonl_path, const std::string& h5_path) {
    if (::access(h5_path.c_str(), F_OK) == 0) throw WorldError(h5_path + ": exists already; choose another name");
    LineReader reader(jsonl_path);
    const Draft draft(h5_path + ".import");
    ::unlink(draft.path().c_str());  // of an import that was killed
    const std::unique_ptr<RunWriter> writer = RunWriter::atPath(draft.path());
    const ImportResult result = importLines(reader, *writer);
    writer->close();
    if (std::rename(draft.path().c_str(), h5_path.c_str()) != 0)
        throw WorldError(fileErrorText(h5_path, "renaming the finished file", errno));
    return result;
}

}  // namespace fm
