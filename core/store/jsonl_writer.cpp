#include "core/store/jsonl_writer.h"

#include <cerrno>
#include <cstdio>
#include <optional>

#include "core/run/atomic_file.h"
#include "core/run/error.h"
#include "core/run/jsonl_sink.h"
#include "core/store/jsonl_run.h"
#include "core/store/writer_lock.h"

namespace fm {

struct JsonlWriter::State {
    std::string folder;
    std::string path;                                                 // of a resumed run; else until it is opened empty
    std::optional<std::map<std::string, std::int64_t>> rows_to_keep;  // of a resumed run
    std::unique_ptr<JsonlSink> sink;
    std::unique_ptr<WriterLock> lock;
    std::uint64_t next_seq = 0;

    void create(const std::string& file) {
        sink = std::make_unique<JsonlSink>(file);
        lock = std::make_unique<WriterLock>(file);
    }
    void append(double wall_ms, EventBody body) { sink->post({next_seq++, wall_ms, std::move(body)}); }
    void open(const RunEvent& event, const RunOpened& opened);
    void copyOld(const RunOpened& opened);
};

// Everything that is kept of the old file, without the rows behind the first `rows_to_keep` of their table.
void JsonlWriter::State::copyOld(const RunOpened& opened) {
    std::map<std::string, std::int64_t> rows;
    readJsonlEvents(path, [&](const RunEvent& event) {
        if (std::holds_alternative<RunOpened>(event.body)) return;
        if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
            const std::string& table = opened.tables[static_cast<std::size_t>(appended->table)].name;
            const auto kept = rows_to_keep->find(table);
            if (kept != rows_to_keep->end() && rows[table]++ >= kept->second) return;
        }
        append(event.wall_ms, event.body);
    });
}

void JsonlWriter::State::open(const RunEvent& event, const RunOpened& opened) {
    if (!rows_to_keep) {
        path = folder + "/" + opened.run_id + ".jsonl";
        create(path);
        return append(event.wall_ms, event.body);
    }
    const RunOpened old = headerOfJsonl(path);
    if (old.run_id != opened.run_id) throw WorldError(path + ": belongs to run " + old.run_id + "; start a new run");
    if (!sameTables(old.tables, opened.tables))
        throw WorldError(path + ": records other columns than this version of the job; start a new run");
    const std::string temporary = path + ".tmp";
    create(temporary);
    append(event.wall_ms, event.body);
    copyOld(opened);
    append(event.wall_ms, StateChanged{RunState::Running, "resumed"});  // a state change goes to the disk
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        throw WorldError(fileErrorText(path, "renaming the resumed file", errno));
}

JsonlWriter::JsonlWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonlWriter::~JsonlWriter() = default;

std::unique_ptr<JsonlWriter> JsonlWriter::inFolder(std::string folder) {
    auto state = std::make_unique<State>();
    state->folder = std::move(folder);
    return std::unique_ptr<JsonlWriter>(new JsonlWriter(std::move(state)));
}

std::unique_ptr<JsonlWriter> JsonlWriter::resume(const std::string& path,
                                                 std::map<std::string, std::int64_t> rows_to_keep) {
    if (hasLiveWriter(path)) throw WorldError(path + ": is still being written; stop that job first");
    const RunSummary summary = summarizeJsonl(path);
    for (const auto& [table, rows] : rows_to_keep) {
        const auto found = summary.rows.find(table);
        if (found == summary.rows.end()) throw FormatError(path + ": has no table " + table);
        if (rows < 0 || rows > found->second)
            throw FormatError(path + ": table " + table + " holds " + std::to_string(found->second) + " rows, not " +
                              std::to_string(rows));
    }
    auto state = std::make_unique<State>();
    state->path = path;
    state->rows_to_keep = std::move(rows_to_keep);
    return std::unique_ptr<JsonlWriter>(new JsonlWriter(std::move(state)));
}

void JsonlWriter::post(const RunEvent& event) {
    if (const auto* opened = std::get_if<RunOpened>(&event.body)) return state_->open(event, *opened);
    state_->append(event.wall_ms, event.body);
}

void JsonlWriter::flush() {
    if (state_->sink) state_->sink->flush();
}

void JsonlWriter::close() {
    flush();
    state_->sink.reset();
    state_->lock.reset();
}

}  // namespace fm
