#include "core/store/run_mirror.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/run/run_id.h"
#include "core/store/run_rows.h"

namespace fm {

static std::string copyMark(const std::string& run_path) { return run_path + ".copying"; }

bool isPartialCopy(const std::string& run_path) { return ::access(copyMark(run_path).c_str(), F_OK) == 0; }

void markPartialCopy(const std::string& run_path, bool partial) {
    const std::string mark = copyMark(run_path);
    if (!partial) {
        if (::unlink(mark.c_str()) != 0 && errno != ENOENT) throw WorldError(fileErrorText(mark, "removing", errno));
        return;
    }
    const int fd = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) throw WorldError(fileErrorText(mark, "creating", errno));
    ::close(fd);
}

std::string RunMirror::path() const { return folder_ + "/" + header_.run_id + ".h5"; }

// Goes on with the local file. Its rows may be too many: the other side may have cut some off when it resumed the run.
void RunMirror::startFile(const std::vector<std::int64_t>& rows) {
    if (::access(path().c_str(), F_OK) == 0) {
        WriterLock lock(path());  // outside of the `try`: another window's copy is not damaged
        try {
            return resumeFile(std::move(lock), rows);
        } catch (const WorldError&) {
            // Damaged, or of another version of the job: it is only a copy, and is made again.
            writer_.reset();
            ::unlink(path().c_str());
        }
    }
    for (TableState& table : tables_) table.have = 0;
    writer_ = RunWriter::inFolder(folder_);
    writer_->post({0, 0, header_});
}

void RunMirror::resumeFile(WriterLock lock, const std::vector<std::int64_t>& rows) {
    const RunReader local(path());
    std::map<std::string, std::int64_t> keep;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        const std::string& name = tables_[i].table.name;
        const bool of_job = i < header_.tables.size();
        if (of_job && local.findTable(name) != static_cast<int>(i))
            throw FormatError(path() + ": has no table " + name);
        tables_[i].have = countRows(local, static_cast<int>(i));
        if (of_job) keep[name] = tables_[i].have = std::min(tables_[i].have, rows[i]);
    }
    writer_ = RunWriter::resume(std::move(lock), keep);
    writer_->post({0, 0, header_});
}

void RunMirror::open(const RunOpened& header, const std::vector<std::int64_t>& rows) {
    // The name becomes a path.
    if (!isRunId(header.run_id)) throw FormatError("run_id: is not a run id");
    header_ = header;
    ended_ = false;
    writer_.reset();
    tables_.clear();
    for (Table& table : tablesWithEvents(header.tables)) tables_.push_back({.table = std::move(table)});
    std::vector<std::int64_t> there = rows;
    there.resize(tables_.size(), 0);
    startFile(there);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        tables_[i].there = there[i];
        tables_[i].stale = i >= header_.tables.size();
        if (i < header_.tables.size()) askFor(i);
    }
}

void RunMirror::append(std::size_t table, Row row) {
    if (table == logTable())
        writer_->post(eventOfLogRow(row));
    else if (table == stateTable())
        writer_->post(eventOfStateRow(row));
    else
        writer_->post({0, 0, RowAppended{static_cast<int>(table), std::move(row)}});
    ++tables_[table].have;
}

// Asks for what is missing, once at a time.
void RunMirror::askFor(std::size_t table) {
    constexpr std::int64_t whatever_there_is = 1 << 20;
    TableState& state = tables_[table];
    if (state.asked || !state.missing()) return;
    state.asked = true;
    const std::int64_t count = std::exchange(state.stale, false) ? whatever_there_is : state.there - state.have;
    fetch_(state.table.name, state.have, count);
}

void RunMirror::take(const RunEvent& event, std::int64_t row) {
    if (!writer_ || ended_) return;  // before the beginning or after the end
    if (const RowAppended* appended = std::get_if<RowAppended>(&event.body)) {
        const std::size_t table = static_cast<std::size_t>(appended->table);
        if (table >= header_.tables.size()) throw FormatError("row of a table that the run does not have");
        TableState& state = tables_[table];
        if (row < state.have) return;  // fetched before
        state.there = std::max(state.there, row + 1);
        if (row == state.have && !state.asked)
            append(table, appended->row);
        else
            askFor(table);
        return;
    }
    const StateChanged* changed = std::get_if<StateChanged>(&event.body);
    if (!changed && !std::holds_alternative<Logged>(event.body)) return;
    if (changed && isTerminal(changed->state)) {
        tables_[logTable()].stale = tables_[stateTable()].stale = true;
        ended_ = true;
        finish();
        return;
    }
    const std::size_t table = changed ? stateTable() : logTable();
    tables_[table].stale = true;
    askFor(table);
}

void RunMirror::learn(const std::vector<std::int64_t>& rows, bool ended) {
    if (!writer_ || ended_) return;
    for (std::size_t i = 0; i < std::min(rows.size(), header_.tables.size()); ++i)
        tables_[i].there = std::max(tables_[i].there, rows[i]);
    tables_[logTable()].stale = tables_[stateTable()].stale = true;
    ended_ = ended;
    askAgain();
}

void RunMirror::fetched(const std::string& name, std::int64_t first, std::vector<Row> rows, std::int64_t total) {
    if (!writer_) return;
    const std::size_t table = tableNamed(name);
    TableState& state = tables_[table];
    state.asked = false;
    state.there = std::max(state.there, total);
    const std::int64_t had = state.have;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (first + static_cast<std::int64_t>(i) != state.have) continue;
        if (const std::string wrong = rowMismatch(state.table, rows[i]); !wrong.empty())
            throw FormatError("row of " + name + ": " + wrong);
        // What may be the run's end waits for everything else.
        const bool last = table == stateTable() && state.have + 1 == state.there;
        if (last && isTerminal(std::get<StateChanged>(eventOfStateRow(rows[i]).body).state) && !onlyStatesMissing())
            break;
        append(table, std::move(rows[i]));
    }
    if (rows.empty() && state.have < state.there) return;  // not to be had now
    if (state.have > had && table != stateTable()) askFor(table);
    if (ended_) finish();
}

void RunMirror::fetchFailed(const std::string& table) {
    if (!writer_) return;
    TableState& state = tables_[tableNamed(table)];
    state.asked = false;
    state.stale = state.have >= state.there;  // it was asked whether there is more
}

void RunMirror::askAgain() {
    if (ended_) return finish();
    for (std::size_t i = 0; writer_ && i < tables_.size(); ++i) askFor(i);
}

bool RunMirror::onlyStatesMissing() const {
    return std::none_of(tables_.begin(), tables_.end() - 1, [](const TableState& table) { return table.missing(); });
}

// The states are the last to be asked for: a file with an end has everything else.
void RunMirror::finish() {
    for (std::size_t i = 0; writer_ && i + 1 < tables_.size(); ++i) askFor(i);
    if (!writer_ || !onlyStatesMissing()) return;
    askFor(stateTable());
    if (!writer_ || tables_[stateTable()].missing()) return;
    std::exchange(writer_, nullptr)->close();
}

std::size_t RunMirror::tableNamed(const std::string& name) const {
    for (std::size_t i = 0; i < tables_.size(); ++i)
        if (tables_[i].table.name == name) return i;
    throw FormatError("table: the run has none of the name " + name);
}

}  // namespace fm
