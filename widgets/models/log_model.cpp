#include "widgets/models/log_model.h"

#include "widgets/state/run_data.h"

namespace fm {

namespace {

constexpr const char* kLogTitles[] = {"severity", "module", "message"};

// "[gates] text" -> "gates", "text".
std::pair<QString, QString> moduleAndText(const std::string& logged) {
    const QString line = QString::fromStdString(logged);
    const qsizetype close = line.indexOf(QChar(']'));
    if (!line.startsWith(QChar('[')) || close < 0) return {QString(), line};
    return {line.mid(1, close - 1), line.mid(close + 1).trimmed()};
}

}  // namespace

LogModel::LogModel(QObject* parent) : QAbstractTableModel(parent) {}

void LogModel::setRun(const RunData* run) {
    if (run_ != nullptr) run_->disconnect(this);
    run_ = run;
    if (run_ != nullptr) {
        connect(run_, &RunData::wasReset, this, &LogModel::reload);
        connect(run_, &RunData::logReplaced, this, &LogModel::reload);
        connect(run_, &RunData::logAdded, this, &LogModel::addLines);
        connect(run_, &QObject::destroyed, this, [this] {
            run_ = nullptr;
            reload();
        });
    }
    reload();
}

void LogModel::reload() {
    beginResetModel();
    count_ = run_ == nullptr ? 0 : static_cast<int>(run_->log().size());
    endResetModel();
}

void LogModel::addLines() {
    const int now = static_cast<int>(run_->log().size());
    if (now <= count_) return;
    beginInsertRows({}, count_, now - 1);
    count_ = now;
    endInsertRows();
}

int LogModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : count_; }

int LogModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QVariant LogModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= count_ || index.column() >= num_columns) return {};
    const Logged& logged = run_->log()[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole) return static_cast<int>(logged.severity);
    if (role == Qt::ToolTipRole) return QString::fromStdString(logged.text);
    if (role != Qt::DisplayRole) return {};
    if (index.column() == SeverityColumn) return QLatin1String(toString(logged.severity));
    const auto [module, text] = moduleAndText(logged.text);
    return index.column() == ModuleColumn ? module : text;
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= num_columns) return {};
    return tr(kLogTitles[section]);
}

void SeverityFilter::setLeast(Severity severity) {
    least_ = severity;
    invalidateFilter();
}

bool SeverityFilter::filterAcceptsRow(int source_row, const QModelIndex& source_parent) const {
    const QModelIndex index = sourceModel()->index(source_row, 0, source_parent);
    return index.data(LogModel::SeverityRole).toInt() >= static_cast<int>(least_);
}

}  // namespace fm
