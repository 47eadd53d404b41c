// Fills a RunData: from a run file, which it follows while a process writes it, or from a live engine's events.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <memory>
#include <optional>
#include <vector>

#include "core/run/event.h"
#include "widgets/state/run_data.h"

namespace fm {

class RunReader;

// A damaged or missing file is one sentence in problem(), never an exception. Thread: the window's.
class RunSource : public QObject {
    Q_OBJECT
public:
    explicit RunSource(QObject* parent = nullptr);
    ~RunSource() override;

    RunData& data() { return data_; }
    const RunData& data() const { return data_; }
    const QString& path() const { return path_; }        // of the run file; empty for a live run without one
    const QString& problem() const { return problem_; }  // why the file cannot be shown
    bool isLive() const { return live_; }                // fed by events
    bool isCopying() const;                              // the file is a copy that is not complete yet
    double secondsSinceLastRow() const;                  // < 0: none yet

    // Reads the file, a long one over several turns of the event loop; goes on while the run is not at its end.
    bool openFile(const QString& path);
    // The run that the engine has begun: rows come through take(). `path`: where its file is; a resumed run's earlier
    // rows (`rows_already` of each table) are read from there.
    void openLive(const RunOpened& header, const QString& path, const std::vector<std::int64_t>& rows_already = {});
    // One event of this run, in order; `row`: which row of its table it is, where that is known. Once rows were not
    // sent, they and those behind them are read from the file as it grows; no view begins again.
    void take(const RunEvent& event, std::int64_t row = -1);
    void noteMissingRows();
    void flushEvents() { data_.announce(); }  // after a batch of take()
    void close();

Q_SIGNALS:
    void opened();  // after openFile() and openLive()
    void problemChanged();

private:
    enum class Take { OneTurn, Everything };  // as much as one turn of the event loop has time for

    bool reload(Take take = Take::OneTurn, const std::vector<std::int64_t>& most_rows = {});
    void takeRow(const RowAppended& row, std::int64_t index);
    void takeState(const StateChanged& state);
    bool readNewRows(Take take, const std::vector<std::int64_t>& most_rows = {});
    void readLogAndState();
    void poll(bool rows_are_left);
    void fail(const QString& sentence);

    RunData data_;
    QString path_, problem_;
    std::unique_ptr<RunReader> reader_;
    std::optional<std::uint64_t> next_seq_;
    bool live_ = false, gap_ = false, following_ = false, copying_ = false;
    qint64 last_row_ms_ = -1;
    QTimer poll_;
    QTimer next_turn_;  // there are more rows to read
};

}  // namespace fm
