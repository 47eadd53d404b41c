// The runs of a study as a table. Rows keep their place while runs come, change and go, so that selection and scrolling
// stay where the user put them.
#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "widgets/state/study_state.h"

namespace fm {

class RunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        RunColumn,
        AboutColumn,
        RecallColumn,
        KlColumn,
        StateColumn,
        TagsColumn,
        NotesColumn,
        NameColumn,
        DeviceColumn,
        num_fixed_columns
    };
    enum Role {
        SortRole = Qt::UserRole,  // a value that compares as the column should
        SearchRole,               // QString, lower case: everything the text filter looks through
        RunIdRole,                // QString
        StateRole,                // QString, see stateWord()
        ArchivedRole,             // bool
        ProblemRole,              // QString, why the file cannot be read; empty when it can
    };

    explicit RunsModel(QObject* parent = nullptr);

    // All runs there are, and run files that nobody has read yet: their names say when and which job. Only what differs
    // from before is told to the views.
    void setRuns(const std::vector<RunEntry>& runs, const std::vector<std::string>& unread_paths = {});
    // What the user calls the hybrids, by their id and by the id of the run that made them.
    void setHybridNames(const std::map<std::string, std::string>& names);
    // Columns beyond the fixed ones, one per named field of the spec.
    void setSpecColumns(const QStringList& fields);
    const QStringList& specColumns() const { return spec_columns_; }
    QStringList knownSpecFields() const;  // of all runs, in alphabetical order

    const RunEntry* entry(int row) const;
    int rowOf(const QString& run_id) const;  // -1 when there is none

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Item {
        RunEntry run;
        QString search;
        bool read = true;  // false: only its name is known
    };
    Item itemOf(const RunEntry& run, bool read) const;
    void removeMissing(const std::vector<const RunEntry*>& runs);
    void tellChanged(std::vector<int> rows);
    void reindex(std::size_t first);
    QString about(const Item& item) const;
    static QString stateText(const Item& item);
    QString text(const Item& item, int column) const;
    QVariant sortValue(const Item& item, int column) const;
    QString toolTip(const Item& item, int column) const;

    std::vector<Item> items_;  // in order of appearance
    std::map<std::string, std::string> hybrid_names_;
    std::unordered_map<std::string, int> rows_;  // by path: two files may claim one run id
    QStringList spec_columns_;
};

}  // namespace fm
