#include "core/run/jsonl_sink.h"

#include <cerrno>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/run/event_json.h"

namespace fm {

JsonlSink::JsonlSink(std::string path)
    : path_(std::move(path)),
      file_(std::fopen(path_.c_str(), "wb"), std::fclose),
      last_flush_(std::chrono::steady_clock::now()) {
    if (!file_) throw WorldError(fileErrorText(path_, "creating", errno));
}

JsonlSink::~JsonlSink() = default;

static bool mustNotWait(const EventBody& body) {
    if (const Logged* logged = std::get_if<Logged>(&body)) return logged->severity == Severity::Error;
    return std::holds_alternative<StateChanged>(body) || std::holds_alternative<RunOpened>(body);
}

void JsonlSink::post(const RunEvent& event) {
    constexpr int most_unflushed = 100;
    constexpr std::chrono::seconds longest_wait(1);
    const std::string line = eventToLine(event) + '\n';
    if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size())
        throw WorldError(fileErrorText(path_, "writing", errno));
    ++unflushed_;
    if (mustNotWait(event.body) || unflushed_ >= most_unflushed ||
        std::chrono::steady_clock::now() - last_flush_ >= longest_wait)
        flush();
}

void JsonlSink::flush() {
    if (std::fflush(file_.get()) != 0) throw WorldError(fileErrorText(path_, "writing", errno));
    unflushed_ = 0;
    last_flush_ = std::chrono::steady_clock::now();
}

}  // namespace fm
