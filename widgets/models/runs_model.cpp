#include "widgets/models/runs_model.h"

#include <QFileInfo>
#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "widgets/models/number_text.h"
#include "widgets/models/run_text.h"
#include "widgets/models/run_title.h"

namespace fm {

namespace {

const QString no_value = QStringLiteral("–");

QString joinedTags(const Label& label) {
    QStringList tags;
    for (const std::string& tag : label.tags)
        if (tag != archived_tag) tags << QString::fromStdString(tag);
    return tags.join(QStringLiteral(", "));
}

// A format error begins with the file's path, which the row's tooltip has in full.
QString shortProblem(const RunSummary& run) {
    const QString problem = QString::fromStdString(run.problem);
    const QString path = QString::fromStdString(run.path) + QStringLiteral(": ");
    return problem.startsWith(path) ? problem.mid(path.size()) : problem;
}

bool same(const Estimate& a, const Estimate& b) {
    return a.n == b.n && a.value == b.value && a.low == b.low && a.high == b.high;
}

bool sameFigures(const RunFigures& a, const RunFigures& b) {
    return a.plan == b.plan && a.budget == b.budget && same(a.recall, b.recall) && same(a.answer_kl, b.answer_kl) &&
           same(a.text_kl, b.text_kl) && a.identity == b.identity &&
           a.measured_without_identity == b.measured_without_identity;
}

bool sameRun(const RunEntry& a, const RunEntry& b) {
    const RunSummary& x = a.summary;
    const RunSummary& y = b.summary;
    return x.run_id == y.run_id && x.state == y.state && x.interrupted == y.interrupted && x.problem == y.problem &&
           x.rows == y.rows && (a.spec == b.spec || *a.spec == *b.spec) && x.device == y.device &&
           x.parents == y.parents && a.label == b.label && a.live == b.live && a.copying == b.copying &&
           sameFigures(a.figures, b.figures);
}

// "<folder>/20260314T150926Z-gates-3fa9c1.h5": what the name tells.
RunEntry runOfPath(const std::string& path) {
    RunEntry run;
    const QString id = QFileInfo(QString::fromStdString(path)).completeBaseName();
    run.summary.path = path;
    run.summary.run_id = id.toStdString();
    run.summary.job = id.section(QChar('-'), 1, -2).toStdString();
    run.started = startedOf(run.summary.run_id);
    return run;
}

bool isNumber(int column) { return column == RunsModel::RecallColumn || column == RunsModel::KlColumn; }

constexpr const char* kRunsTitles[] = {"run",  "plan",  "recall", "answer KL", "state",
                                       "tags", "notes", "name",   "device"};
constexpr const char* kRunsHelps[] = {
    "When the job started, and which job it was",
    "What the run worked on: its budget K, hybrid, selectors or branch kind",
    "Share of right answers that this run measured; its 95 % interval and the number of sequences in the tooltip",
    "KL(teacher || plan) at answer tokens, nat per token, that this run measured",
    "live, paused, done, stopped, failed, interrupted (killed; can go on) or unreadable; "
    "copying: not all of it has come from the engine's machine yet",
    "Your words for finding runs again (edit: T)",
    "What you noted about the run (edit: N)",
    "The name you gave the run (edit: F2)",
    "Device and kernel path the job ran on"};

}  // namespace

RunsModel::RunsModel(QObject* parent) : QAbstractTableModel(parent) {}

RunsModel::Item RunsModel::itemOf(const RunEntry& run, bool read) const {
    Item item{run, {}, read};
    QStringList parts;
    for (int column = 0; column < num_fixed_columns; ++column) parts << text(item, column);
    parts << QString::fromStdString(run.summary.run_id);
    for (const auto& [name, value] : *run.spec)
        if (!value.empty()) parts << QString::fromStdString(name + "=" + value);
    item.search = parts.join(QChar('\n')).toLower();
    return item;
}

void RunsModel::removeMissing(const std::vector<const RunEntry*>& runs) {
    std::unordered_set<std::string_view> kept;
    for (const RunEntry* run : runs) kept.insert(run->summary.path);
    for (int row = static_cast<int>(items_.size()) - 1; row >= 0; --row) {
        const auto at = items_.begin() + row;
        if (kept.contains(at->run.summary.path)) continue;
        beginRemoveRows({}, row, row);
        rows_.erase(at->run.summary.path);
        items_.erase(at);
        reindex(static_cast<std::size_t>(row));
        endRemoveRows();
    }
}

// Rows that lie together are one signal: each one costs the views a sort.
void RunsModel::tellChanged(std::vector<int> rows) {
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < rows.size();) {
        std::size_t end = i + 1;
        while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
        Q_EMIT dataChanged(index(rows[i], 0), index(rows[end - 1], columnCount() - 1));
        i = end;
    }
}

void RunsModel::setRuns(const std::vector<RunEntry>& runs, const std::vector<std::string>& unread_paths) {
    std::vector<const RunEntry*> all;
    std::unordered_set<std::string_view> read_paths;
    for (const RunEntry& run : runs) {
        all.push_back(&run);
        read_paths.insert(run.summary.path);
    }
    std::vector<RunEntry> unread;
    for (const std::string& path : unread_paths)
        if (!read_paths.contains(path)) unread.push_back(runOfPath(path));
    for (const RunEntry& run : unread) all.push_back(&run);
    removeMissing(all);
    std::vector<std::size_t> added;  // places in `all`
    std::vector<int> changed;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto found = rows_.find(all[i]->summary.path);
        if (found == rows_.end()) {
            added.push_back(i);
            continue;
        }
        Item& item = items_[static_cast<std::size_t>(found->second)];
        const bool read = i < runs.size();
        if (item.read == read && sameRun(item.run, *all[i])) continue;
        item = itemOf(*all[i], read);
        changed.push_back(found->second);
    }
    tellChanged(std::move(changed));
    if (added.empty()) return;
    const std::size_t first = items_.size();
    beginInsertRows({}, static_cast<int>(first), static_cast<int>(first + added.size()) - 1);
    for (const std::size_t i : added) items_.push_back(itemOf(*all[i], i < runs.size()));
    reindex(first);
    endInsertRows();
}

void RunsModel::reindex(std::size_t first) {
    for (std::size_t row = first; row < items_.size(); ++row)
        rows_[items_[row].run.summary.path] = static_cast<int>(row);
}

void RunsModel::setSpecColumns(const QStringList& fields) {
    if (fields == spec_columns_) return;
    if (!spec_columns_.isEmpty()) {
        beginRemoveColumns({}, num_fixed_columns, columnCount() - 1);
        spec_columns_.clear();
        endRemoveColumns();
    }
    if (fields.isEmpty()) return;
    beginInsertColumns({}, num_fixed_columns, num_fixed_columns + static_cast<int>(fields.size()) - 1);
    spec_columns_ = fields;
    endInsertColumns();
}

QStringList RunsModel::knownSpecFields() const {
    std::set<std::string> names;
    for (const Item& item : items_)
        for (const auto& [name, value] : *item.run.spec) names.insert(name);
    QStringList fields;
    for (const std::string& name : names) fields << QString::fromStdString(name);
    return fields;
}

const RunEntry* RunsModel::entry(int row) const {
    return row < 0 || row >= rowCount() ? nullptr : &items_[static_cast<std::size_t>(row)].run;
}

int RunsModel::rowOf(const QString& run_id) const {
    const std::string id = run_id.toStdString();
    const auto found =
        std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.run.summary.run_id == id; });
    return found == items_.end() ? -1 : static_cast<int>(found - items_.begin());
}

int RunsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(items_.size());
}

int RunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : num_fixed_columns + static_cast<int>(spec_columns_.size());
}

void RunsModel::setHybridNames(const std::map<std::string, std::string>& names) {
    if (names == hybrid_names_) return;
    hybrid_names_ = names;
    for (Item& item : items_) item = itemOf(item.run, item.read);
    if (!items_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

QString RunsModel::about(const Item& item) const {
    if (!item.run.summary.problem.empty()) return shortProblem(item.run.summary);
    const std::string what = aboutRun(item.run.summary.job, *item.run.spec, item.run.figures.plan);
    // A run that made a hybrid is about it, whatever its spec left to be chosen.
    const auto named = hybrid_names_.find(what.empty() ? item.run.summary.run_id : what);
    return QString::fromStdString(named == hybrid_names_.end() ? what : named->second);
}

QString RunsModel::stateText(const Item& item) {
    if (!item.read) return QStringLiteral("…");
    if (item.run.copying) return tr("copying …");
    return QString::fromStdString(stateWord(item.run.summary));
}

QString RunsModel::text(const Item& item, int column) const {
    const RunEntry& run = item.run;
    switch (column) {
        case RunColumn:
            return runTitle(run);
        case AboutColumn:
            return about(item);
        case RecallColumn:
            return run.figures.recall.known() ? shareText(run.figures.recall.value) : no_value;
        case KlColumn:
            return run.figures.answer_kl.known() ? numberText(run.figures.answer_kl.value) : no_value;
        case StateColumn:
            return stateText(item);
        case TagsColumn:
            return joinedTags(run.label);
        case NotesColumn:
            return QString::fromStdString(run.label.notes).section(QChar('\n'), 0, 0);
        case NameColumn:
            return QString::fromStdString(run.label.name);
        case DeviceColumn:
            return QString::fromStdString(run.summary.device);
        default: {
            const std::string field = spec_columns_.value(column - num_fixed_columns).toStdString();
            return QString::fromStdString(specField(*run.spec, field));
        }
    }
}

// Numbers as numbers, text without regard to case, what has no value last when descending.
QVariant RunsModel::sortValue(const Item& item, int column) const {
    const RunFigures& figures = item.run.figures;
    if (column == RunColumn) return item.run.started.isValid() ? item.run.started.toMSecsSinceEpoch() : qint64{0};
    if (column == RecallColumn) return figures.recall.known() ? figures.recall.value : -1.0;
    if (column == KlColumn) return figures.answer_kl.known() ? figures.answer_kl.value : -1.0;
    const QString shown = text(item, column).toLower();
    if (column < num_fixed_columns) return shown;
    bool is_number = false;
    const double number = shown.toDouble(&is_number);
    return is_number ? QVariant(number) : QVariant(shown);
}

QString RunsModel::toolTip(const Item& item, int column) const {
    const RunEntry& run = item.run;
    const RunFigures& figures = run.figures;
    if (!run.summary.problem.empty()) return QString::fromStdString(run.summary.problem);
    const bool is_figure = column == RecallColumn || column == KlColumn;
    if (is_figure && figures.measured_without_identity)
        return tr("Measured before probes had an identity: nobody can say what on. Measure again.");
    if (column == RecallColumn && figures.recall.known()) {
        const QString how =
            run.summary.job == "eval"
                ? tr("expected values found in generated answers")
                : tr("exact match of the plan %1 on the probe").arg(QString::fromStdString(figures.plan));
        return tr("Recall %1\n%2, %3 sequences").arg(shareText(figures.recall), how).arg(figures.recall.n);
    }
    if (column == KlColumn && figures.answer_kl.known())
        return tr("KL(teacher || plan) at answer tokens: %1 nat, %2 sequences")
            .arg(numberText(figures.answer_kl))
            .arg(figures.answer_kl.n);
    if (column == NotesColumn && !run.label.notes.empty()) return QString::fromStdString(run.label.notes);
    QStringList lines{QString::fromStdString(run.summary.run_id)};
    if (run.started.isValid()) lines << run.started.toLocalTime().toString(QStringLiteral("yyyy-MM-dd hh:mm:ss"));
    for (const std::string& parent : run.summary.parents)
        lines << tr("made from %1").arg(QString::fromStdString(parent));
    if (column != RunColumn && !text(item, column).isEmpty()) lines << text(item, column);
    return lines.join(QChar('\n'));
}

QVariant RunsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
    const Item& item = items_[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return text(item, index.column());
        case Qt::ToolTipRole:
            return toolTip(item, index.column());
        case Qt::TextAlignmentRole:
            return QVariant::fromValue((isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        case SortRole:
            return sortValue(item, index.column());
        case SearchRole:
            return item.search;
        case RunIdRole:
            return QString::fromStdString(item.run.summary.run_id);
        case StateRole:
            return stateText(item);
        case ArchivedRole:
            return isArchived(item.run.label);
        case ProblemRole:
            return QString::fromStdString(item.run.summary.problem);
        default:
            return {};
    }
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const QString field = spec_columns_.value(section - num_fixed_columns);
    const bool fixed = section < num_fixed_columns;
    if (role == Qt::DisplayRole) return fixed ? tr(kRunsTitles[section]) : field;
    if (role == Qt::ToolTipRole)
        return fixed ? tr(kRunsHelps[section]) : tr("Field \"%1\" of the run's spec").arg(field);
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue((isNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

}  // namespace fm
