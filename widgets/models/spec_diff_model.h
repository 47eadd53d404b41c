// The specs of two or more runs side by side: only the fields that differ, or all of them with these in bold.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <QStringList>
#include <optional>
#include <string>
#include <vector>

namespace fm {

class SpecDiffModel : public QAbstractTableModel {
    Q_OBJECT
public:
    struct Run {
        QString title;
        std::string spec_json;
    };

    explicit SpecDiffModel(QObject* parent = nullptr);

    void setRuns(const std::vector<Run>& runs);
    void setDifferencesOnly(bool only);
    int numRuns() const { return static_cast<int>(titles_.size()); }
    int numFields() const { return static_cast<int>(fields_.size()); }
    int numDifferences() const;
    QString tsv() const;  // for the clipboard

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;  // the field, then one per run
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Field {
        QString name;
        std::vector<std::optional<QString>> values;  // one per run; none where its spec has no such field
        bool differs = false;
    };
    void showFields();

    QStringList titles_;
    std::vector<Field> fields_;       // of all runs, in alphabetical order
    std::vector<std::size_t> shown_;  // indices into fields_
    bool differences_only_ = true;
};

}  // namespace fm
