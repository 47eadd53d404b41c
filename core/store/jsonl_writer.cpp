#include "core/store/jsonl_writer.h"

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/temporary_file.h"
#include "core/run/jsonl_sink.h"
#include "core/store/jsonl_run.h"

namespace fm {

struct JsonlWriter::State {
    std::string folder;
    std::optional<WriterLock> old;                     // the file that a resumed run replaces
    std::map<std::string, std::int64_t> rows_to_keep;  // of a resumed run
    std::unique_ptr<TemporaryFile> file;               // locked until this object closes
    std::unique_ptr<JsonlSink> sink;
    std::uint64_t next_seq = 0;

    void append(double wall_ms, EventBody body) { sink->post({next_seq++, wall_ms, std::move(body)}); }
    void create(const std::string& path, const RunEvent& opened);
    void open(const RunEvent& event, const RunOpened& opened);
    void copyOld(const RunOpened& opened);
};

void JsonlWriter::State::create(const std::string& path, const RunEvent& opened) {
    file = std::make_unique<TemporaryFile>(path);
    sink = std::make_unique<JsonlSink>(file->path());
    append(opened.wall_ms, opened.body);
}

// Everything that is kept of the old file, without the rows behind the first `rows_to_keep` of their table.
void JsonlWriter::State::copyOld(const RunOpened& opened) {
    std::map<std::string, std::int64_t> rows;
    readJsonlEvents(old->path(), [&](const RunEvent& event) {
        if (std::holds_alternative<RunOpened>(event.body)) return;
        if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
            const std::string& table = opened.tables[static_cast<std::size_t>(appended->table)].name;
            const auto kept = rows_to_keep.find(table);
            if (kept != rows_to_keep.end() && rows[table]++ >= kept->second) return;
        }
        append(event.wall_ms, event.body);
    });
}

void JsonlWriter::State::open(const RunEvent& event, const RunOpened& opened) {
    if (!old) {
        create(folder + "/" + opened.run_id + ".jsonl", event);
        return file->becomeTarget();
    }
    const std::string& path = old->path();
    const RunOpened known = headerOfJsonl(path);
    if (known.run_id != opened.run_id)
        throw WorldError(path + ": belongs to run " + known.run_id + "; start a new run");
    if (!sameTables(known.tables, opened.tables))
        throw WorldError(path + ": records other columns than this version of the job; start a new run");
    create(path, event);
    copyOld(opened);
    append(event.wall_ms, StateChanged{RunState::Running, "resumed"});  // a state change goes to the disk
    old->requireSameFile();
    file->replaceTarget();
    old.reset();
}

JsonlWriter::JsonlWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonlWriter::~JsonlWriter() = default;

std::unique_ptr<JsonlWriter> JsonlWriter::inFolder(std::string folder) {
    auto state = std::make_unique<State>();
    state->folder = std::move(folder);
    return std::unique_ptr<JsonlWriter>(new JsonlWriter(std::move(state)));
}

std::unique_ptr<JsonlWriter> JsonlWriter::resume(WriterLock lock, std::map<std::string, std::int64_t> rows_to_keep) {
    const std::string& path = lock.path();
    const RunSummary summary = summarizeJsonl(path);
    for (const auto& [table, rows] : rows_to_keep) {
        const auto found = summary.rows.find(table);
        if (found == summary.rows.end()) throw FormatError(path + ": has no table " + table);
        if (rows < 0 || rows > found->second)
            throw FormatError(path + ": table " + table + " holds " + std::to_string(found->second) + " rows, not " +
                              std::to_string(rows));
    }
    auto state = std::make_unique<State>();
    state->old.emplace(std::move(lock));
    state->rows_to_keep = std::move(rows_to_keep);
    return std::unique_ptr<JsonlWriter>(new JsonlWriter(std::move(state)));
}

void JsonlWriter::post(const RunEvent& event) {
    if (const auto* opened = std::get_if<RunOpened>(&event.body)) return state_->open(event, *opened);
    if (state_->sink) state_->append(event.wall_ms, event.body);
}

void JsonlWriter::flush() {
    if (state_->sink) state_->sink->flush();
}

void JsonlWriter::close() {
    flush();
    state_->sink.reset();
    const std::unique_ptr<TemporaryFile> file = std::move(state_->file);
    if (!file) return;
    file->sync();
    file->requireInPlace();
}

}  // namespace fm
