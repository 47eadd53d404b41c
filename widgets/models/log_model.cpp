#include "widgets/models/log_model.h"

#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <iterator>
#include <utility>

#include "widgets/state/run_data.h"
#include "widgets/state/study_state.h"

namespace fm {

namespace {

constexpr const char* kLogTitles[] = {"severity", "time", "module", "message"};

// "[gates] text" -> "gates", "text".
std::pair<QString, QString> moduleAndText(const std::string& logged) {
    const QString line = QString::fromStdString(logged);
    const qsizetype close = line.indexOf(QChar(']'));
    if (!line.startsWith(QChar('[')) || close < 0) return {QString(), line};
    return {line.mid(1, close - 1), line.mid(close + 1).trimmed()};
}

// "02:05.3" or "1:02:05".
QString offsetText(double wall_ms) {
    const double seconds = std::max(0.0, wall_ms) / 1000;
    const int minutes = static_cast<int>(std::min(seconds, 3e8) / 60);
    const double rest = seconds - 60.0 * minutes;
    const auto two = [](int number) { return QString::number(number).rightJustified(2, QChar('0')); };
    if (minutes >= 60)
        return QStringLiteral("%1:%2:%3").arg(minutes / 60).arg(two(minutes % 60), two(static_cast<int>(rest)));
    const int tenths = static_cast<int>(10 * rest);  // cut, so that 59.96 s is not 60.0
    return QStringLiteral("%1:%2.%3").arg(two(minutes), two(tenths / 10)).arg(tenths % 10);
}

QDateTime clockOf(const RunData& run, double wall_ms) {
    return startedOf(run.header().run_id).toLocalTime().addMSecs(static_cast<qint64>(wall_ms));
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
    resumed_at_ = count_;
    findResume(1);
    endResetModel();
}

void LogModel::addLines() {
    const int now = static_cast<int>(run_->log().size());
    if (now <= count_) return;
    beginInsertRows({}, count_, now - 1);
    const int before = std::exchange(count_, now);
    if (resumed_at_ == before) {
        resumed_at_ = count_;
        findResume(std::max(1, before));
    }
    endInsertRows();
}

// A resumed run counts its events and its time anew.
void LogModel::findResume(int first) {
    for (int row = first; row < count_; ++row) {
        const auto at = run_->log().begin() + row;
        if (at->seq > std::prev(at)->seq) continue;
        resumed_at_ = row;
        return;
    }
}

// The clock; where the run file does not tell it, the time since the run was started or resumed.
QString LogModel::timeText(int row) const {
    const double wall_ms = run_->log()[static_cast<std::size_t>(row)].wall_ms;
    const QDateTime clock = clockOf(*run_, wall_ms);
    if (row >= resumed_at_ || !clock.isValid()) return QChar('+') + offsetText(wall_ms);
    return clock.toString(QStringLiteral("hh:mm:ss"));
}

QString LogModel::timeHelp(int row) const {
    const double wall_ms = run_->log()[static_cast<std::size_t>(row)].wall_ms;
    const QString offset = offsetText(wall_ms);
    if (row >= resumed_at_) return tr("%1 after the run was resumed").arg(offset);
    const QDateTime clock = clockOf(*run_, wall_ms);
    const QString day = QLocale::c().toString(clock, QStringLiteral("d MMM yyyy hh:mm:ss"));
    return clock.isValid() ? tr("%1, %2 after the start").arg(day, offset) : tr("%1 after the start").arg(offset);
}

int LogModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : count_; }

int LogModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QVariant LogModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= count_ || index.column() >= num_columns) return {};
    const LogLine& logged = run_->log()[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole) return static_cast<int>(logged.severity);
    if (role == Qt::ToolTipRole)
        return index.column() == TimeColumn ? timeHelp(index.row()) : QString::fromStdString(logged.text);
    if (role != Qt::DisplayRole) return {};
    if (index.column() == TimeColumn) return timeText(index.row());
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
