#include "widgets/models/runs_filter.h"

#include <algorithm>

#include "widgets/models/runs_model.h"

namespace fm {

RunsFilter::RunsFilter(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(RunsModel::SortRole);
    setDynamicSortFilter(true);
}

void RunsFilter::setWords(const QString& text) {
    wanted_.clear();
    unwanted_.clear();
    for (const QString& word : text.toLower().split(QChar(' '), Qt::SkipEmptyParts)) {
        if (word.size() > 1 && word.startsWith(QChar('-'))) {
            unwanted_ << word.mid(1);
        } else if (word != QStringLiteral("-")) {
            wanted_ << word;
        }
    }
    invalidateFilter();
}

void RunsFilter::setShowArchived(bool show) {
    if (show == show_archived_) return;
    show_archived_ = show;
    invalidateFilter();
}

bool RunsFilter::filterAcceptsRow(int source_row, const QModelIndex& source_parent) const {
    const QModelIndex index = sourceModel()->index(source_row, 0, source_parent);
    if (!show_archived_ && index.data(RunsModel::ArchivedRole).toBool()) return false;
    if (wanted_.isEmpty() && unwanted_.isEmpty()) return true;
    const QString search = index.data(RunsModel::SearchRole).toString();
    const auto occurs = [&search](const QString& word) { return search.contains(word); };
    return std::all_of(wanted_.begin(), wanted_.end(), occurs) &&
           std::none_of(unwanted_.begin(), unwanted_.end(), occurs);
}

// Equal values stay in order of time, newest first whatever the direction, so that sorting is reproducible.
bool RunsFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(RunsModel::SortRole);
    const QVariant b = right.data(RunsModel::SortRole);
    const bool numbers = a.typeId() != QMetaType::QString && b.typeId() != QMetaType::QString;
    if (numbers && a.toDouble() != b.toDouble()) return a.toDouble() < b.toDouble();
    if (!numbers && a.toString() != b.toString()) return a.toString() < b.toString();
    const auto start = [](const QModelIndex& index) {
        return index.siblingAtColumn(RunsModel::RunColumn).data(RunsModel::SortRole).toLongLong();
    };
    return sortOrder() == Qt::AscendingOrder ? start(left) > start(right) : start(left) < start(right);
}

}  // namespace fm
