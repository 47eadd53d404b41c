#include "widgets/models/compare_model.h"

#include <algorithm>
#include <cmath>

#include "core/plan/plan_spelling.h"
#include "widgets/models/number_text.h"
#include "widgets/models/row_lines.h"

namespace fm {

namespace {

constexpr const char* kCompareTitles[] = {"plan or hybrid", "K",        "recall, probe", "answer KL", "text KL",
                                          "recall, eval",   "KV/token", "state",         "decode",    "layers"};
constexpr const char* units[] = {"", "layers", "1", "nat", "nat", "1", "bytes", "bytes", "teacher = 1", ""};
constexpr const char* kCompareHelps[] = {
    "Teacher, uniform plan, measured plan, or hybrid recovered by distillation",
    "Budget K: how many layers keep full attention",
    "Exact match of answers on the probe, measured, with its 95 % interval",
    "KL(teacher || plan) at answer tokens, nat per token, measured on the probe",
    "KL(teacher || plan) on plain text, nat per token, measured on the probe",
    "Expected values found in generated answers (eval), measured, with its 95 % interval",
    "Cache that grows with the context, and its share of the teacher's; cost model",
    "Recurrent state of the linear layers, whatever the context; cost model",
    "Predicted decode speed against the teacher at the context length of the budget bar; cost model, not measured",
    "Which layers keep full attention"};

// What was measured, of the columns that show it.
const Estimate* estimateOf(const CompareEntry& entry, int column) {
    switch (column) {
        case CompareModel::RecallColumn:
            return &entry.probe_recall;
        case CompareModel::KlColumn:
            return &entry.answer_kl;
        case CompareModel::TextKlColumn:
            return &entry.text_kl;
        case CompareModel::EvalColumn:
            return &entry.eval_recall;
        default:
            return nullptr;
    }
}

std::optional<double> valueOf(const CompareEntry& entry, int column) {
    if (const Estimate* estimate = estimateOf(entry, column))
        return estimate->known() ? std::optional(estimate->value) : std::nullopt;
    switch (column) {
        case CompareModel::BudgetColumn:
            return entry.budget < 0 ? std::nullopt : std::optional<double>(entry.budget);
        case CompareModel::KvColumn:
            return entry.cost ? std::optional<double>(static_cast<double>(entry.cost->kv_bytes_per_token))
                              : std::nullopt;
        case CompareModel::StateColumn:
            return entry.cost ? std::optional<double>(static_cast<double>(entry.cost->state_bytes)) : std::nullopt;
        case CompareModel::DecodeColumn:
            return entry.cost ? std::optional(entry.cost->decode_speedup) : std::nullopt;
        default:
            return std::nullopt;
    }
}

QString planText(const std::string& key) {
    return key.empty() ? QStringLiteral("–") : QString::fromStdString(layersText(planFromKey(key)));
}

QString textOf(const CompareEntry& entry, int column) {
    if (column == CompareModel::NameColumn) return entry.title;
    if (column == CompareModel::PlanColumn) return planText(entry.plan);
    const std::optional<double> value = valueOf(entry, column);
    if (!value) return QStringLiteral("–");
    switch (column) {
        case CompareModel::BudgetColumn:
            return QString::number(*value);
        case CompareModel::RecallColumn:
        case CompareModel::EvalColumn:
            return shareText(*estimateOf(entry, column));
        case CompareModel::KlColumn:
        case CompareModel::TextKlColumn:
            return numberText(*estimateOf(entry, column));
        case CompareModel::KvColumn:
            return QStringLiteral("%1 · %2 %").arg(bytesText(*value)).arg(100 * entry.cost->kv_share, 0, 'f', 0);
        case CompareModel::StateColumn:
            return bytesText(*value);
        case CompareModel::DecodeColumn:
            return QStringLiteral("×%1").arg(*value, 0, 'f', 1);
        default:
            return numberText(*value);
    }
}

int groupOf(const CompareEntry& entry) {
    if (entry.kind == CompareEntry::Kind::Teacher) return 0;
    return entry.kind == CompareEntry::Kind::Uniform ? 1 : 2;
}

bool isText(int column) { return column == CompareModel::NameColumn || column == CompareModel::PlanColumn; }

QString csvCell(QString text) {
    if (!text.contains(QChar(',')) && !text.contains(QChar('"'))) return text;
    return QChar('"') + text.replace(QChar('"'), QStringLiteral("\"\"")) + QChar('"');
}

}  // namespace

CompareModel::CompareModel(QObject* parent) : QAbstractTableModel(parent) {}

// Rows stay where the entries are the same ones: new figures must not throw the selection away.
void CompareModel::setEntries(std::vector<CompareEntry> entries) {
    const bool same = std::equal(entries.begin(), entries.end(), entries_.begin(), entries_.end(),
                                 [](const CompareEntry& a, const CompareEntry& b) { return a.id == b.id; });
    if (same) {
        entries_ = std::move(entries);
        markBest();
        return;
    }
    beginResetModel();
    entries_ = std::move(entries);
    marks_.clear();
    endResetModel();
    markBest();
}

void CompareModel::markBest() {
    differences_.beginTurn();
    marks_[RecallColumn] = bestMarks(entries_, kRecallMeasure, differences_);
    marks_[KlColumn] = bestMarks(entries_, kAnswerKlMeasure, differences_);
    marks_[TextKlColumn] = bestMarks(entries_, kTextKlMeasure, differences_);
    if (!entries_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, num_columns - 1));
}

CompareMark CompareModel::markAt(const QModelIndex& index) const {
    const auto column = marks_.find(index.column());
    return column == marks_.end() ? CompareMark::None : column->second[static_cast<std::size_t>(index.row())];
}

int CompareModel::rowOf(const QString& id) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const CompareEntry& entry) { return entry.id == id; });
    return found == entries_.end() ? -1 : static_cast<int>(found - entries_.begin());
}

// A measured column is four: value, ends of the interval, number of sequences.
QString CompareModel::csv() const {
    const CompareEntry none;
    QStringList header;
    for (int column = 0; column < num_columns; ++column) {
        const QString title = QLatin1String(kCompareTitles[column]);
        header << title + (*units[column] ? QStringLiteral(" [%1]").arg(QLatin1String(units[column])) : QString());
        if (estimateOf(none, column)) header << title + " low" << title + " high" << title + " n";
    }
    for (QString& cell : header) cell = csvCell(cell);
    QStringList lines{header.join(QChar(','))};
    const auto full = [](double value) { return QString::number(value, 'g', 9); };
    for (const CompareEntry& entry : entries_) {
        QStringList cells;
        for (int column = 0; column < num_columns; ++column) {
            const std::optional<double> value = valueOf(entry, column);
            cells << (isText(column) ? csvCell(textOf(entry, column)) : value ? full(*value) : QString());
            const Estimate* e = estimateOf(entry, column);
            if (e && e->known()) cells << full(e->low) << full(e->high) << QString::number(e->n);
            if (e && !e->known()) cells << QString() << QString() << QString();
        }
        lines << cells.join(QChar(','));
    }
    return lines.join(QChar('\n')) + QChar('\n');
}

int CompareModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

int CompareModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QString CompareModel::toolTip(const CompareEntry& entry, const QModelIndex& index) const {
    const int column = index.column();
    QString text = textOf(entry, column) + QChar('\n');
    text += column == NameColumn ? rowLines(*this, index.row(), NameColumn + 1) : tr(kCompareHelps[column]);
    const Estimate* estimate = estimateOf(entry, column);
    const bool of_probe = estimate != nullptr && column != EvalColumn;
    if (estimate != nullptr && estimate->known()) text += QChar('\n') + tr("%1 sequences").arg(estimate->n);
    if (of_probe && estimate->known() && !entry.complete) text += tr(", of a probe that has not been finished");
    if (markAt(index) == CompareMark::Best)
        text += QChar('\n') + tr("Best: told apart from every other plan of this budget");
    if (markAt(index) == CompareMark::Tied)
        text += QChar('\n') + tr("Tied for best: the same sequences do not tell these plans apart");
    if (entry.elsewhere && (of_probe || column == NameColumn))
        text += QChar('\n') + tr("Measured on another probe only; figures of two probes are not compared");
    return text;
}

QVariant CompareModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= num_columns) return {};
    const CompareEntry& entry = entries_[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return textOf(entry, index.column());
        case Qt::ToolTipRole:
            return toolTip(entry, index);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue((isText(index.column()) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        case SortRole: {
            const std::optional<double> value = valueOf(entry, index.column());
            if (isText(index.column())) return textOf(entry, index.column()).toLower();
            return value && std::isfinite(*value) ? QVariant(*value) : QVariant();
        }
        case IdRole:
            return entry.id;
        case PinnedRole:
            return entry.pinned();
        case GroupRole:
            return groupOf(entry);
        case BestRole:
            return markAt(index) == CompareMark::Best;
        case TiedRole:
            return markAt(index) == CompareMark::Tied;
        case AbsentRole:
            return entry.elsewhere;
        default:
            return {};
    }
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= num_columns) return {};
    if (role == Qt::DisplayRole) return tr(kCompareTitles[section]);
    if (role == Qt::ToolTipRole) return tr(kCompareHelps[section]);
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue((isText(section) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    return {};
}

CompareOrder::CompareOrder(QObject* parent) : QSortFilterProxyModel(parent) { setSortRole(CompareModel::SortRole); }

void CompareOrder::setKept(std::optional<std::set<QString>> ids) {
    kept_ = std::move(ids);
    invalidateFilter();
}

bool CompareOrder::filterAcceptsRow(int source_row, const QModelIndex& source_parent) const {
    const QModelIndex index = sourceModel()->index(source_row, 0, source_parent);
    return !kept_ || index.data(CompareModel::PinnedRole).toBool() ||
           kept_->contains(index.data(CompareModel::IdRole).toString());
}

// What has no value comes last in its group, in either direction.
bool CompareOrder::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const bool ascending = sortOrder() == Qt::AscendingOrder;
    const int left_group = left.data(CompareModel::GroupRole).toInt();
    const int right_group = right.data(CompareModel::GroupRole).toInt();
    if (left_group != right_group) return ascending ? left_group < right_group : left_group > right_group;
    const QVariant a = left.data(CompareModel::SortRole);
    const QVariant b = right.data(CompareModel::SortRole);
    if (a.isValid() != b.isValid()) return ascending ? a.isValid() : b.isValid();
    if (!a.isValid()) return left.row() < right.row();
    if (a.typeId() == QMetaType::QString) return a.toString() < b.toString();
    return a.toDouble() < b.toDouble();
}

}  // namespace fm
