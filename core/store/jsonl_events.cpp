#include "core/store/jsonl_events.h"

#include <cerrno>
#include <fstream>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/run/event_json.h"

namespace fm {

namespace {

// Lines of a file, each with whether its line end was there.
class LineReader {
public:
    explicit LineReader(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
        if (!stream_) throw WorldError(readErrorText(path, "opening", errno));
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
        if (stream_.bad()) throw WorldError(readErrorText(path_, "reading", errno));
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

}  // namespace

JsonlContent readJsonlEvents(const std::string& path, const std::function<void(const RunEvent&)>& take) {
    LineReader reader(path);
    JsonlContent content;
    EventDecoder decoder;
    while (reader.next()) {
        RunEvent event;
        try {
            event = decoder.decodeLine(reader.line());
        } catch (const FormatError& error) {
            if (!reader.complete() && content.events > 0) {
                content.torn_last_line = true;
                break;
            }
            reader.fail(error.what());
        }
        if (event.seq != static_cast<std::uint64_t>(content.events))
            reader.fail("event " + std::to_string(event.seq) + " comes where event " + std::to_string(content.events) +
                        " should be; lines are missing or mixed up");
        if (std::holds_alternative<RunOpened>(event.body) != (content.events == 0))
            reader.fail("run_opened must be the first event, and only that");
        try {
            take(event);
        } catch (const FormatError& error) {
            reader.fail(error.what());
        }
        ++content.events;
    }
    if (content.events == 0) reader.fail("holds no run");
    return content;
}

}  // namespace fm
