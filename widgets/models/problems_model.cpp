#include "widgets/models/problems_model.h"

#include <algorithm>

namespace fm {

namespace {

constexpr const char* kProblemsTitles[] = {"severity", "time", "from", "what happened, and what to do"};
constexpr std::size_t most_entries = 1000;  // a flood of different sentences must not fill the memory

}  // namespace

ProblemsModel::ProblemsModel(QObject* parent) : QAbstractTableModel(parent) {}

void ProblemsModel::add(Severity severity, const QString& text, const QString& origin, const QDateTime& when) {
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const ProblemEntry& entry) {
        return entry.severity == severity && entry.text == text && entry.origin == origin;
    });
    if (same != entries_.end()) {
        ++same->count;
        same->when = when;
        const int row = static_cast<int>(same - entries_.begin());
        Q_EMIT dataChanged(index(row, 0), index(row, num_columns - 1));
        return;
    }
    if (entries_.size() >= most_entries) remove(rowCount() - 1);
    beginInsertRows({}, 0, 0);
    entries_.insert(entries_.begin(), {severity, text, origin, when, 1});
    endInsertRows();
    Q_EMIT countChanged(rowCount());
}

void ProblemsModel::remove(int row) {
    if (row < 0 || row >= rowCount()) return;
    beginRemoveRows({}, row, row);
    entries_.erase(entries_.begin() + row);
    endRemoveRows();
    Q_EMIT countChanged(rowCount());
}

void ProblemsModel::clear() {
    beginResetModel();
    entries_.clear();
    endResetModel();
    Q_EMIT countChanged(0);
}

int ProblemsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

int ProblemsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QVariant ProblemsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= num_columns) return {};
    const ProblemEntry& entry = entries_[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole) return static_cast<int>(entry.severity);
    if (role == OriginRole) return entry.origin;
    if (role == Qt::ToolTipRole) return entry.text;
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case SeverityColumn:
            return QLatin1String(toString(entry.severity));
        case TimeColumn:
            return entry.when.toString(QStringLiteral("hh:mm:ss"));
        case OriginColumn:
            return entry.origin;
        default:
            return entry.count == 1 ? entry.text : tr("%1 (%2 times)").arg(entry.text).arg(entry.count);
    }
}

QVariant ProblemsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= num_columns) return {};
    return tr(kProblemsTitles[section]);
}

}  // namespace fm
