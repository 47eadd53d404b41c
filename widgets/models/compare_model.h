// Plans and hybrids of a study side by side, teacher and uniform pinned at the top however the table is sorted.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "widgets/models/compare_best.h"

namespace fm {

class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        NameColumn,
        BudgetColumn,
        RecallColumn,
        KlColumn,
        TextKlColumn,
        EvalColumn,
        KvColumn,
        StateColumn,
        DecodeColumn,
        PlanColumn,
        num_columns
    };
    enum Role {
        SortRole = Qt::UserRole,
        IdRole,      // QString, CompareEntry::id
        PinnedRole,  // bool
        GroupRole,   // int: 0 teacher, 1 uniform, 2 the rest
        BestRole,    // bool: every other plan of its budget and probe is told apart from it, by the paired interval
        TiedRole,    // bool: one of several at the top of that budget that nothing tells apart
        AbsentRole,  // bool: measured on other probes only
    };

    explicit CompareModel(QObject* parent = nullptr);
    void setEntries(std::vector<CompareEntry> entries);
    const std::vector<CompareEntry>& entries() const { return entries_; }
    PairedDifferences& differences() { return differences_; }
    void markBest();  // goes on where the last turn ended; setEntries() takes the first
    int rowOf(const QString& id) const;
    QString csv() const;  // numbers in full

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    CompareMark markAt(const QModelIndex& index) const;
    QString toolTip(const CompareEntry& entry, const QModelIndex& index) const;

    std::vector<CompareEntry> entries_;
    std::map<int, std::vector<CompareMark>> marks_;  // by column, one a row
    PairedDifferences differences_;
};

// Sorts within the pinned group and within the rest; after a brush shows only what it kept, and what is pinned.
class CompareOrder : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit CompareOrder(QObject* parent = nullptr);
    void setKept(std::optional<std::set<QString>> ids);  // none: all
    bool isFiltered() const { return kept_.has_value(); }

protected:
    bool filterAcceptsRow(int source_row, const QModelIndex& source_parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    std::optional<std::set<QString>> kept_;
};

}  // namespace fm
