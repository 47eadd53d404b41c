// Which runs the table shows, and in which order. The filter's words must all occur somewhere in the run: in its job,
// state, tags, notes or as "field=value" of its spec; a word after "-" must not occur.
#pragma once

#include <QSortFilterProxyModel>
#include <QStringList>

namespace fm {

class RunsFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit RunsFilter(QObject* parent = nullptr);

    void setWords(const QString& text);
    void setShowArchived(bool show);

protected:
    bool filterAcceptsRow(int source_row, const QModelIndex& source_parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QStringList wanted_, unwanted_;
    bool show_archived_ = false;
};

}  // namespace fm
