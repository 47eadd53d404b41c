// The columns of one run in memory: what every view of a run reads, whether it came from a run file or from a live
// engine. Nothing is thinned and nothing is painted here.
#pragma once

#include <QObject>
#include <QString>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/run/event.h"
#include "core/store/run_reader.h"

namespace fm {

// Thread: the window's.
class RunData : public QObject {
    Q_OBJECT
public:
    explicit RunData(QObject* parent = nullptr);
    ~RunData() override;

    bool isOpen() const { return open_; }
    const RunOpened& header() const { return header_; }
    QString runId() const { return QString::fromStdString(header_.run_id); }
    QString job() const { return QString::fromStdString(header_.job); }
    RunState state() const { return state_; }
    const QString& stateText() const { return state_text_; }
    const std::vector<LogLine>& log() const { return log_; }
    const std::optional<Progressed>& progress() const { return progress_; }  // only of a live run

    // Fields of the run's spec; a plain default where it has none of that type.
    double specNumber(const char* field, double otherwise = 0) const;
    QString specText(const char* field, const QString& otherwise = {}) const;

    std::optional<int> findTable(const std::string& name) const;
    std::int64_t rows(int table) const;
    std::int64_t rowsOf(const std::string& table_name) const;  // 0 when there is no such table
    int numLayers() const;                                     // width of the gates, else of the first vector, else 0

    // Columns by path ("series/loss/align"); empty when the run has none of that type. Integers read as doubles.
    // Valid until the next append or reset.
    const Column* column(const std::string& path) const;  // unit and help
    std::span<const double> numbers(const std::string& path) const;
    std::span<const float> vectors(const std::string& path) const;  // row-major, rows x column(path)->width
    std::span<const float> vectorRow(const std::string& path, std::int64_t row) const;
    std::span<const std::string> texts(const std::string& path) const;

    // Filling. A run starts with reset(); rows that do not fit their table are a FormatError naming the column.
    void reset(RunOpened header);
    void clear();
    void append(int table, const Row& row);  // announced by announce(), so that a batch of rows is one signal
    void announce();
    // Makes room for that many rows at once, so that growing does not move a long run.
    void expectRows(int table, std::int64_t rows);
    void setState(RunState state, const QString& text);
    void setProgress(const Progressed& progress) { progress_ = progress; }  // no signal: it comes with every step
    void addLog(const LogLine& line);
    void setLog(std::vector<LogLine> lines);

Q_SIGNALS:
    void wasReset();                                                       // another run, or the same one read again
    void rowsAppended(int table, std::int64_t first, std::int64_t count);  // one signal per table and batch
    void stateChanged();
    void logAdded();
    void logReplaced();

private:
    struct ColumnData {
        Column column;
        int table = 0;
        std::variant<std::vector<double>, std::vector<float>, std::vector<std::string>> values;
    };
    void start(RunOpened header, bool open);
    const ColumnData* find(const std::string& path) const;

    bool open_ = false;
    RunOpened header_;
    RunState state_ = RunState::Running;
    QString state_text_;
    std::vector<LogLine> log_;
    std::optional<Progressed> progress_;
    std::vector<std::vector<ColumnData>> columns_;  // [table][column]
    std::map<std::string, std::pair<int, int>> places_;
    std::vector<std::int64_t> rows_, announced_;
};

}  // namespace fm
