// What the shown run has said, line by line, and when.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QString>

#include "core/run/event.h"

namespace fm {

class RunData;

// Reads RunData::log() in place; lines are added when the RunData announces them.
class LogModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { SeverityColumn, TimeColumn, ModuleColumn, TextColumn, num_columns };
    enum Role { SeverityRole = Qt::UserRole };  // int of Severity

    explicit LogModel(QObject* parent = nullptr);
    void setRun(const RunData* run);  // null: empty

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void reload();
    void addLines();
    void findResume(int first);
    QString timeText(int row) const;
    QString timeHelp(int row) const;

    const RunData* run_ = nullptr;
    int count_ = 0;       // lines told to the views
    int resumed_at_ = 0;  // first line after the run was resumed; count_: it never was
};

// Lines of at least a severity, of a model with LogModel's or ProblemsModel's SeverityRole.
class SeverityFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setLeast(Severity severity);
    Severity least() const { return least_; }

protected:
    bool filterAcceptsRow(int source_row, const QModelIndex& source_parent) const override;

private:
    Severity least_ = Severity::Info;
};

}  // namespace fm
