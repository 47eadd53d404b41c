#include "core/store/run_writer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/store/run_file.h"
#include "core/store/run_resume.h"
#include "core/store/run_schema.h"

namespace fm {

using Clock = std::chrono::steady_clock;
static constexpr std::int64_t most_pending_rows = 100;
static constexpr std::chrono::seconds longest_wait(1);

// Thread: the job's thread and the flusher share everything behind `mutex`.
struct RunWriter::State {
    std::string folder;  // one of folder and path is given
    std::string path;
    std::optional<WriterLock> lock;  // of the file that a resumed run replaces
    std::map<std::string, std::int64_t> rows_to_keep;

    std::mutex mutex;
    std::condition_variable wake;
    bool closing = false;
    std::optional<Clock::time_point> pending_since;
    std::string failure;  // the sentence, once something could not be stored
    RunOpened header;
    std::unique_ptr<RunFile> file;
    std::thread flusher;

    void open(const RunOpened& opened);
    void append(std::size_t table, const Row& row);
    void appendTexts(std::size_t table, const RunEvent& event, const std::string& word, std::string text);
    void store(const RunEvent& event);
    void flushNow();
    void fail(const std::string& sentence);
    void storeAfterFailure(const StateChanged& changed);
    void flushLate();  // body of the flusher
    void stopFlusher();
};

void RunWriter::State::open(const RunOpened& opened) {
    FM_ASSERT(!file, "a run is opened once");
    run_schema::checkHeader(opened);
    if (path.empty()) path = folder + "/" + opened.run_id + ".h5";
    std::unique_ptr<RunFile> created =
        lock ? openResumed(*lock, opened, rows_to_keep) : std::make_unique<RunFile>(path, opened);
    created->startWriting();
    lock.reset();
    file = std::move(created);
    header = opened;
    flusher = std::thread([this] { flushLate(); });
}

void RunWriter::State::append(std::size_t table, const Row& row) {
    file->append(table, row);
    if (!pending_since) {
        pending_since = Clock::now();
        wake.notify_one();
    }
}

// A text longer than its column becomes several rows with the same seq; the reader joins them.
void RunWriter::State::appendTexts(std::size_t table, const RunEvent& event, const std::string& word,
                                   std::string text) {
    replaceInvalidUtf8(text);
    std::string_view rest = text;
    do {
        const std::size_t part = utf8PrefixLength(rest, run_schema::event_text_bytes);
        append(table, {static_cast<std::int64_t>(event.seq), event.wall_ms, word, std::string(rest.substr(0, part))});
        rest.remove_prefix(part);
    } while (!rest.empty());
}

void RunWriter::State::store(const RunEvent& event) {
    if (const RunOpened* opened = std::get_if<RunOpened>(&event.body)) return open(*opened);
    FM_ASSERT(file, "a run is opened before it is written");
    bool at_once = false;
    if (const RowAppended* appended = std::get_if<RowAppended>(&event.body))
        append(static_cast<std::size_t>(appended->table), appended->row);
    if (const Logged* logged = std::get_if<Logged>(&event.body)) {
        appendTexts(run_schema::logTable(header), event, toString(logged->severity), logged->text);
        at_once = logged->severity == Severity::Error;
    }
    if (const StateChanged* changed = std::get_if<StateChanged>(&event.body)) {
        appendTexts(run_schema::stateTable(header), event, toString(changed->state), changed->text);
        flushNow();
        file->setStatus(changed->state);
    }
    if (at_once || file->pendingRows() >= most_pending_rows) flushNow();
}

void RunWriter::State::flushNow() {
    file->flush();
    pending_since.reset();
}

void RunWriter::State::fail(const std::string& sentence) {
    failure = sentence;
    pending_since.reset();
    if (!file) return;
    file->dropPending();
    try {
        file->setStatus(RunState::Failed);  // in place, so that it works on a full disk
    } catch (const WorldError&) {
        // The first failure is the one to tell; this was the attempt to leave a note of it.
    }
}

// The job tells its end although it could not store its rows: keep what fits, and do not complain twice.
void RunWriter::State::storeAfterFailure(const StateChanged& changed) {
    if (!file) return;
    try {
        file->setStatus(changed.state);
    } catch (const WorldError&) {
        // `failure` has been thrown already, and is thrown again by close().
    }
}

void RunWriter::State::flushLate() {
    std::unique_lock lock(mutex);
    while (!closing) {
        if (!pending_since) {
            wake.wait(lock);
            continue;
        }
        const Clock::time_point due = *pending_since + longest_wait;
        if (Clock::now() < due) {
            wake.wait_until(lock, due);
            continue;
        }
        try {
            flushNow();
        } catch (const WorldError& error) {
            fail(error.what());  // the job's thread throws it at its next event
        }
    }
}

void RunWriter::State::stopFlusher() {
    {
        const std::lock_guard lock(mutex);
        closing = true;
        wake.notify_one();
    }
    if (flusher.joinable()) flusher.join();
}

RunWriter::RunWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<RunWriter> RunWriter::inFolder(std::string folder) {
    auto state = std::make_unique<State>();
    state->folder = std::move(folder);
    return std::unique_ptr<RunWriter>(new RunWriter(std::move(state)));
}

std::unique_ptr<RunWriter> RunWriter::atPath(std::string path) {
    auto state = std::make_unique<State>();
    state->path = std::move(path);
    return std::unique_ptr<RunWriter>(new RunWriter(std::move(state)));
}

std::unique_ptr<RunWriter> RunWriter::resume(WriterLock lock, std::map<std::string, std::int64_t> rows_to_keep) {
    checkResumable(lock.path(), rows_to_keep);
    auto state = std::make_unique<State>();
    state->path = lock.path();
    state->lock.emplace(std::move(lock));
    state->rows_to_keep = std::move(rows_to_keep);
    return std::unique_ptr<RunWriter>(new RunWriter(std::move(state)));
}

RunWriter::~RunWriter() {
    try {
        close();
    } catch (const WorldError&) {
        // A destructor has no one to tell; close() does.
    }
}

void RunWriter::post(const RunEvent& event) {
    const std::lock_guard lock(state_->mutex);
    FM_ASSERT(!state_->closing || !state_->failure.empty(), "nothing is written after the end of a run");
    if (!state_->failure.empty()) {
        const StateChanged* changed = std::get_if<StateChanged>(&event.body);
        if (!changed) throw WorldError(state_->failure);
        return state_->storeAfterFailure(*changed);
    }
    try {
        state_->store(event);
    } catch (const WorldError& error) {
        state_->fail(error.what());
        throw;
    }
}

void RunWriter::flush() {
    const std::lock_guard lock(state_->mutex);
    if (!state_->failure.empty()) throw WorldError(state_->failure);
    if (!state_->file) return;
    try {
        state_->flushNow();
    } catch (const WorldError& error) {
        state_->fail(error.what());
        throw;
    }
}

void RunWriter::close() {
    state_->stopFlusher();
    const std::unique_ptr<RunFile> file = std::move(state_->file);
    if (!file) return;
    try {
        if (state_->failure.empty()) file->flush();
        file->close();
    } catch (const WorldError& error) {
        if (state_->failure.empty()) state_->failure = error.what();
    }
    if (!state_->failure.empty()) throw WorldError(state_->failure);
}

const std::string& RunWriter::path() const { return state_->path; }

}  // namespace fm
