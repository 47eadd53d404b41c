// The samples of an eval run: what was asked where, what was expected, what the hybrid gave. Grows while the run does.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QString>
#include <cstdint>

namespace fm {

class RunData;

struct SampleRow {
    QString task;
    std::int64_t tokens = 0;  // context length
    double depth = 0;         // of the asked needle's cell, 0 start, 1 end
    double needle_depth = 0;  // where the needle really stands
    QString seed, expected, given;
    double recall = 0;  // share of expected values found in `given`
    bool exact = false;
};

// Reads the columns of a RunData in place; rows are added when the RunData announces them.
class SamplesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        NumberColumn,
        TaskColumn,
        TokensColumn,
        DepthColumn,
        RecallColumn,
        ExpectedColumn,
        GivenColumn,
        num_columns
    };
    enum Role { SortRole = Qt::UserRole, RecallRole, SearchRole };

    explicit SamplesModel(QObject* parent = nullptr);
    void setRun(const RunData* run);  // null: empty
    bool runHasSamples() const;       // the run declares a table of samples, with rows or not
    SampleRow sample(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void reload();
    void addRows();
    QVariant sortValue(int row, int column) const;

    const RunData* run_ = nullptr;
    int count_ = 0;  // rows told to the views
};

// All samples, or only those with a wrong answer, whose task or answers contain the words.
class SamplesFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit SamplesFilter(QObject* parent = nullptr);
    void setWrongOnly(bool wrong_only);
    void setWords(const QString& text);
    // One cell of the retrieval map: task, length and depth; an empty task shows all.
    void setCell(const QString& task, std::int64_t tokens, double depth);

protected:
    bool filterAcceptsRow(int source_row, const QModelIndex& source_parent) const override;

private:
    bool wrong_only_ = false;
    QStringList words_;
    QString cell_task_;
    std::int64_t cell_tokens_ = 0;
    double cell_depth_ = 0;
};

}  // namespace fm
