#include "widgets/state/run_source.h"

#include <QDateTime>
#include <algorithm>
#include <limits>
#include <variant>

#include "core/base/error.h"
#include "core/store/run_mirror.h"
#include "core/store/run_reader.h"
#include "core/store/run_rows.h"
#include "core/store/writer_lock.h"

namespace fm {
namespace {

constexpr int kPollMs = 200;
constexpr std::int64_t kRowsPerTurn = 1000;  // a row of a gate run takes 3 us, and all who look at it as long again

}  // namespace

RunSource::RunSource(QObject* parent) : QObject(parent) {
    poll_.setInterval(kPollMs);
    connect(&poll_, &QTimer::timeout, this, [this] { poll(next_turn_.isActive()); });
    next_turn_.setSingleShot(true);
    connect(&next_turn_, &QTimer::timeout, this, [this] { poll(true); });
}

RunSource::~RunSource() = default;

// The end is what is copied last.
bool RunSource::isCopying() const { return copying_ && !live_ && !isTerminal(data_.state()); }

double RunSource::secondsSinceLastRow() const {
    return last_row_ms_ < 0 ? -1 : double(QDateTime::currentMSecsSinceEpoch() - last_row_ms_) / 1e3;
}

void RunSource::fail(const QString& sentence) {
    problem_ = sentence;
    Q_EMIT problemChanged();
}

bool RunSource::openFile(const QString& path) {
    close();
    path_ = path;
    const bool ok = reload();
    Q_EMIT opened();
    return ok;
}

void RunSource::openLive(const RunOpened& header, const QString& path, const std::vector<std::int64_t>& rows_already) {
    close();
    path_ = path;
    const bool resumed = std::any_of(rows_already.begin(), rows_already.end(), [](std::int64_t n) { return n > 0; });
    // The file may hold rows that were cut off when the run was resumed: a copy is cut a little later.
    if (resumed && !path.isEmpty() && reload(Take::Everything, rows_already)) {
        poll_.stop();
        reader_.reset();
        data_.setState(RunState::Running, {});
        const std::size_t tables = std::min(rows_already.size(), data_.header().tables.size());
        for (std::size_t t = 0; t < tables; ++t) {
            gap_ = gap_ || data_.rows(static_cast<int>(t)) < rows_already[t];
        }
    } else {
        data_.reset(header);
        gap_ = resumed;
    }
    live_ = true;
    Q_EMIT opened();
}

void RunSource::close() {
    poll_.stop();
    next_turn_.stop();
    reader_.reset();
    next_seq_.reset();
    live_ = gap_ = following_ = copying_ = false;
    path_.clear();
    problem_.clear();
    last_row_ms_ = -1;
    data_.clear();
}

bool RunSource::reload(Take take, const std::vector<std::int64_t>& most_rows) {
    next_turn_.stop();
    // Asked before the file is read, which may get its end in between.
    copying_ = isPartialCopy(path_.toStdString());
    const bool written = copying_ || hasLiveWriter(path_.toStdString());
    try {
        reader_ = std::make_unique<RunReader>(path_.toStdString());
        data_.reset(reader_->header());
        for (std::size_t t = 0; t < data_.header().tables.size(); ++t)
            data_.expectRows(static_cast<int>(t), reader_->rows(static_cast<int>(t)));
        readNewRows(take, most_rows);
    } catch (const WorldError& error) {
        reader_.reset();
        poll_.stop();
        fail(QString::fromStdString(error.what()));
        return false;
    }
    if (written && !isTerminal(reader_->state())) poll_.start();
    return true;
}

bool RunSource::readNewRows(Take take, const std::vector<std::int64_t>& most_rows) {
    const std::vector<Table>& tables = reader_->header().tables;
    std::int64_t room = take == Take::Everything ? std::numeric_limits<std::int64_t>::max() : kRowsPerTurn;
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const int table = static_cast<int>(t);
        const std::int64_t have = data_.rows(table);
        std::int64_t count = reader_->rows(table) - have;
        if (count < 0 && !following_) return false;  // resumed from an earlier point
        if (count <= 0) continue;
        if (t < most_rows.size()) count = std::min(count, most_rows[t] - have);
        count = std::min(count, room);
        room -= count;
        for (const Row& row : readRows(*reader_, table, have, count)) data_.append(table, row);
    }
    last_row_ms_ = QDateTime::currentMSecsSinceEpoch();
    if (room <= 0) {
        next_turn_.start(0);
    } else if (!live_) {
        readLogAndState();
    }
    data_.announce();
    return true;
}

void RunSource::readLogAndState() {
    std::vector<LogLine> lines = reader_->readLog();
    const std::vector<LogLine>& shown = data_.log();
    const bool goes_on =
        shown.size() <= lines.size() && std::equal(shown.begin(), shown.end(), lines.begin(),
                                                   [](const LogLine& a, const LogLine& b) { return a.seq == b.seq; });
    if (goes_on) {
        for (std::size_t i = shown.size(); i < lines.size(); ++i) data_.addLog(lines[i]);
    } else {
        data_.setLog(std::move(lines));  // the stream has left out remarks, too
    }
    if (isTerminal(data_.state()) && !isTerminal(reader_->state())) return;  // the stream has told the end already
    const std::vector<StateLine> states = reader_->readStates();
    const QString text = states.empty() ? QString() : QString::fromStdString(states.back().text);
    data_.setState(reader_->state(), text);
}

// What the stream left out stands in the file, which is read from here on; the stream's rows are taken where they fit.
// A copy has no more than the stream, and is read when it is whole.
void RunSource::noteMissingRows() {
    gap_ = true;
    if (path_.isEmpty() || poll_.isActive() || isPartialCopy(path_.toStdString())) return;
    following_ = true;
    poll_.start();
}

void RunSource::poll(bool rows_are_left) {
    if (!reader_ && !following_) return;
    const bool unread = rows_are_left || !reader_;
    bool written = false;
    try {
        if (!reader_) reader_ = std::make_unique<RunReader>(path_.toStdString());
        copying_ = isPartialCopy(path_.toStdString());
        written = copying_ || reader_->hasLiveWriter();
        const bool changed = reader_->refresh();
        if ((changed || unread) && !readNewRows(Take::OneTurn)) reload();
    } catch (const WorldError& error) {
        poll_.stop();
        fail(QString::fromStdString(error.what()));
        return;
    }
    if (isTerminal(reader_->state()) || !written) poll_.stop();
}

void RunSource::takeRow(const RowAppended& row, std::int64_t index) {
    const bool known_table = row.table >= 0 && row.table < static_cast<int>(data_.header().tables.size());
    if (known_table && index >= 0 && index < data_.rows(row.table)) return;  // came with the file
    if (known_table && (index < 0 ? gap_ : index > data_.rows(row.table))) {
        noteMissingRows();
        if (following_) return;  // comes with the file
    }
    data_.append(row.table, row.row);
    last_row_ms_ = QDateTime::currentMSecsSinceEpoch();
}

void RunSource::takeState(const StateChanged& state) {
    data_.announce();
    data_.setState(state.state, QString::fromStdString(state.text));
    if (!isTerminal(state.state) || !gap_ || path_.isEmpty()) return;
    live_ = false;
    following_ ? poll(true) : void(reload());
}

void RunSource::take(const RunEvent& event, std::int64_t row) {
    if (!live_) return;
    if (next_seq_ && event.seq != *next_seq_) noteMissingRows();
    next_seq_ = event.seq + 1;
    try {
        if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
            takeRow(*appended, row);
        } else if (const auto* state = std::get_if<StateChanged>(&event.body)) {
            takeState(*state);
        } else if (const auto* progress = std::get_if<Progressed>(&event.body)) {
            if (progress->unit == "steps") data_.expectRows(data_.findTable("steps").value_or(-1), progress->total);
            data_.setProgress(*progress);
        } else if (const auto* line = std::get_if<Logged>(&event.body)) {
            data_.addLog({event.seq, event.wall_ms, line->severity, line->text});
        }
    } catch (const FormatError& error) {
        fail(QString::fromStdString(error.what()));
    }
}

}  // namespace fm
