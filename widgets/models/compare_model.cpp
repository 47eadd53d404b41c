#include "widgets/models/compare_model.h"

#include <algorithm>
#include <cmath>

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
    "Exact match of answers on the probe, measured, with 95 % half-width",
    "KL(teacher || plan) at answer tokens, nat per token, measured on the probe",
    "KL(teacher || plan) on plain text, nat per token, measured on the probe",
    "Expected values found in generated answers (eval), measured, with 95 % half-width",
    "Cache that grows with the context, and its share of the teacher's; cost model",
    "Recurrent state of the linear layers, whatever the context; cost model",
    "Predicted decode speed against the teacher at the context length of the budget bar; cost model, not measured",
    "Which layers keep full attention"};

std::optional<double> valueOf(const CompareEntry& entry, int column) {
    const auto of = [](const std::optional<MeasuredValue>& value) {
        return value ? std::optional(value->value) : std::nullopt;
    };
    switch (column) {
        case CompareModel::BudgetColumn:
            return entry.budget < 0 ? std::nullopt : std::optional<double>(entry.budget);
        case CompareModel::RecallColumn:
            return of(entry.probe_recall);
        case CompareModel::KlColumn:
            return of(entry.answer_kl);
        case CompareModel::TextKlColumn:
            return entry.text_kl;
        case CompareModel::EvalColumn:
            return of(entry.eval_recall);
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

// 1 the larger the better, -1 the smaller the better, 0 neither.
int better(int column) {
    if (column == CompareModel::RecallColumn || column == CompareModel::EvalColumn) return 1;
    return column == CompareModel::KlColumn || column == CompareModel::TextKlColumn ? -1 : 0;
}

QString planText(const std::string& key) {
    QStringList layers;
    for (std::size_t layer = 0; layer < key.size(); ++layer)
        if (key[layer] == 'F') layers << QString::number(layer);
    if (key.empty()) return QStringLiteral("–");
    if (layers.isEmpty()) return QStringLiteral("none");
    return layers.size() == static_cast<qsizetype>(key.size()) ? QStringLiteral("all") : layers.join(QChar(' '));
}

QString textOf(const CompareEntry& entry, int column) {
    const auto interval = [](const std::optional<MeasuredValue>& value) { return value ? value->half_width : 0; };
    if (column == CompareModel::NameColumn) return entry.title;
    if (column == CompareModel::PlanColumn) return planText(entry.plan);
    const std::optional<double> value = valueOf(entry, column);
    if (!value) return QStringLiteral("–");
    switch (column) {
        case CompareModel::BudgetColumn:
            return QString::number(*value);
        case CompareModel::RecallColumn:
            return measuredShareText(*value, interval(entry.probe_recall));
        case CompareModel::EvalColumn:
            return measuredShareText(*value, interval(entry.eval_recall));
        case CompareModel::KlColumn:
            return measuredNumberText(*value, interval(entry.answer_kl));
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

CompareModel::CompareModel(QObject* parent) : QAbstractTableModel(parent), best_row_(num_columns, -1) {}

// Rows stay where the entries are the same ones: new figures must not throw the selection away.
void CompareModel::setEntries(std::vector<CompareEntry> entries) {
    const bool same = std::equal(entries.begin(), entries.end(), entries_.begin(), entries_.end(),
                                 [](const CompareEntry& a, const CompareEntry& b) { return a.id == b.id; });
    if (same) {
        entries_ = std::move(entries);
        findBest();
        if (!entries_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, num_columns - 1));
        return;
    }
    beginResetModel();
    entries_ = std::move(entries);
    findBest();
    endResetModel();
}

void CompareModel::findBest() {
    for (int column = 0; column < num_columns; ++column) {
        int& best = best_row_[static_cast<std::size_t>(column)];
        best = -1;
        if (better(column) == 0) continue;
        double best_value = 0;
        bool differ = false;  // among equals nobody is the best
        for (int row = 0; row < rowCount(); ++row) {
            const CompareEntry& entry = entries_[static_cast<std::size_t>(row)];
            const std::optional<double> value = valueOf(entry, column);
            if (!value || !std::isfinite(*value) || entry.kind == CompareEntry::Kind::Teacher) continue;
            differ = differ || (best >= 0 && *value != best_value);
            if (best >= 0 && !((*value - best_value) * better(column) > 0)) continue;
            best = row;
            best_value = *value;
        }
        if (!differ) best = -1;
    }
}

int CompareModel::rowOf(const QString& id) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const CompareEntry& entry) { return entry.id == id; });
    return found == entries_.end() ? -1 : static_cast<int>(found - entries_.begin());
}

QString CompareModel::csv() const {
    QStringList header;
    for (int column = 0; column < num_columns; ++column)
        header << csvCell(QLatin1String(kCompareTitles[column]) +
                          (*units[column] ? QStringLiteral(" [%1]").arg(QLatin1String(units[column])) : QString()));
    QStringList lines{header.join(QChar(','))};
    for (const CompareEntry& entry : entries_) {
        QStringList cells;
        for (int column = 0; column < num_columns; ++column) {
            const std::optional<double> value = valueOf(entry, column);
            cells << (isText(column) ? csvCell(textOf(entry, column))
                      : value        ? QString::number(*value, 'g', 9)
                                     : QString());
        }
        lines << cells.join(QChar(','));
    }
    return lines.join(QChar('\n')) + QChar('\n');
}

int CompareModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

int CompareModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QVariant CompareModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= num_columns) return {};
    const CompareEntry& entry = entries_[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return textOf(entry, index.column());
        case Qt::ToolTipRole:
            return index.column() == NameColumn
                       ? QString(textOf(entry, NameColumn) + QChar('\n') + rowLines(*this, index.row(), NameColumn + 1))
                       : QString(textOf(entry, index.column()) + QChar('\n') + tr(kCompareHelps[index.column()]));
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
            return best_row_[static_cast<std::size_t>(index.column())] == index.row();
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
