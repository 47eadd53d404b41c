#include "core/store/run_mirror.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/run/error.h"
#include "core/run/run_id.h"
#include "core/store/run_reader.h"

namespace fm {

std::string RunMirror::path() const { return folder_ + "/" + header_.run_id + ".h5"; }

// The local file's rows that are still right: the other side may have cut some off when it resumed the run.
static std::map<std::string, std::int64_t> rowsToKeep(const std::string& path, const RunOpened& header,
                                                      const std::vector<std::int64_t>& rows) {
    const RunReader local(path);
    std::map<std::string, std::int64_t> keep;
    for (std::size_t i = 0; i < header.tables.size(); ++i) {
        const std::optional<int> table = local.findTable(header.tables[i].name);
        keep[header.tables[i].name] = table ? std::min(local.rows(*table), rows[i]) : 0;
    }
    return keep;
}

void RunMirror::open(const RunOpened& header, const std::vector<std::int64_t>& rows) {
    // The name becomes a path.
    if (!isRunId(header.run_id)) throw FormatError("run_id: is not a run id");
    header_ = header;
    last_.reset();
    next_seq_ = 0;
    writer_.reset();
    tables_.assign(header.tables.size(), {});
    std::vector<std::int64_t> there = rows;
    there.resize(header.tables.size(), 0);
    struct stat unused;
    if (::stat(path().c_str(), &unused) == 0) {
        const std::map<std::string, std::int64_t> keep = rowsToKeep(path(), header, there);
        for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].have = keep.at(header.tables[i].name);
        writer_ = RunWriter::resume(path(), keep);
    } else {
        writer_ = RunWriter::inFolder(folder_);
    }
    post(header, 0);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        tables_[i].there = there[i];
        fill(i);
    }
}

void RunMirror::post(EventBody body, double wall_ms) { writer_->post({next_seq_++, wall_ms, std::move(body)}); }

void RunMirror::append(std::size_t table, Row row) {
    post(RowAppended{static_cast<int>(table), std::move(row)}, 0);
    ++tables_[table].have;
}

// Asks for what is missing, once at a time.
void RunMirror::fill(std::size_t table) {
    TableState& state = tables_[table];
    if (state.asked || state.have >= state.there) return;
    state.asked = true;
    fetch_(header_.tables[table].name, state.have, state.there - state.have);
}

void RunMirror::take(const RunEvent& event, std::int64_t row) {
    if (!writer_ || last_) return;  // before the beginning or after the end
    if (const RowAppended* appended = std::get_if<RowAppended>(&event.body)) {
        const std::size_t table = static_cast<std::size_t>(appended->table);
        TableState& state = tables_.at(table);
        if (row < state.have) return;  // fetched before
        state.there = std::max(state.there, row + 1);
        if (row == state.have && !state.asked)
            append(table, appended->row);
        else
            fill(table);
        return;
    }
    const StateChanged* changed = std::get_if<StateChanged>(&event.body);
    if (changed && isTerminal(changed->state)) {
        last_ = std::make_unique<RunEvent>(event);
        finish();
        return;
    }
    if (std::holds_alternative<RunOpened>(event.body) || std::holds_alternative<Progressed>(event.body)) return;
    post(event.body, event.wall_ms);
}

void RunMirror::fetched(const std::string& table_name, std::int64_t first, std::vector<Row> rows) {
    if (!writer_) return;
    const std::size_t table = tableNamed(table_name);
    TableState& state = tables_[table];
    state.asked = false;
    bool any = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (first + static_cast<std::int64_t>(i) != state.have) continue;
        if (const std::string wrong = rowMismatch(header_.tables[table], rows[i]); !wrong.empty())
            throw FormatError("row of " + table_name + ": " + wrong);
        append(table, std::move(rows[i]));
        any = true;
    }
    if (any) fill(table);
    finish();
}

void RunMirror::fetchFailed(const std::string& table) {
    if (writer_) tables_[tableNamed(table)].asked = false;
}

void RunMirror::askAgain() {
    for (std::size_t i = 0; writer_ && i < tables_.size(); ++i) fill(i);
}

// The end is written when nothing is missing.
void RunMirror::finish() {
    if (!last_) return;
    for (std::size_t i = 0; i < tables_.size(); ++i)
        if (tables_[i].have < tables_[i].there) return fill(i);
    post(last_->body, last_->wall_ms);
    last_.reset();
    std::exchange(writer_, nullptr)->close();
}

std::size_t RunMirror::tableNamed(const std::string& name) const {
    for (std::size_t i = 0; i < header_.tables.size(); ++i)
        if (header_.tables[i].name == name) return i;
    throw FormatError("table: the run has none of the name " + name);
}

}  // namespace fm
