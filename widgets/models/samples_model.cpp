#include "widgets/models/samples_model.h"

#include <algorithm>
#include <cmath>

#include "widgets/models/number_text.h"
#include "widgets/models/row_lines.h"
#include "widgets/state/run_data.h"

namespace fm {

namespace {

constexpr const char* kSamplesTitles[] = {"#", "task", "tokens", "depth", "recall", "expected", "given"};
constexpr const char* kSamplesHelps[] = {"Number of the sample in its run",
                                         "Retrieval task that made the prompt",
                                         "Context length, tokens",
                                         "Where the asked needle stands: 0 start of the context, 1 end",
                                         "Share of the expected values found in the given answer",
                                         "The answer that the prompt holds",
                                         "What the plan or hybrid of this run generated"};

double numberAt(const RunData& run, const char* path, int row) {
    const std::span<const double> values = run.numbers(path);
    return static_cast<std::size_t>(row) < values.size() ? values[static_cast<std::size_t>(row)] : std::nan("");
}

QString textAt(const RunData& run, const char* path, int row) {
    const std::span<const std::string> values = run.texts(path);
    return static_cast<std::size_t>(row) < values.size() ? QString::fromStdString(values[static_cast<std::size_t>(row)])
                                                         : QString();
}

bool isSampleNumber(int column) { return column != SamplesModel::TaskColumn && column < SamplesModel::ExpectedColumn; }

}  // namespace

SamplesModel::SamplesModel(QObject* parent) : QAbstractTableModel(parent) {}

void SamplesModel::setRun(const RunData* run) {
    if (run_ != nullptr) run_->disconnect(this);
    run_ = run;
    if (run_ != nullptr) {
        connect(run_, &RunData::wasReset, this, &SamplesModel::reload);
        connect(run_, &RunData::rowsAppended, this, &SamplesModel::addRows);
        connect(run_, &QObject::destroyed, this, [this] {
            run_ = nullptr;
            reload();
        });
    }
    reload();
}

bool SamplesModel::runHasSamples() const { return run_ != nullptr && run_->column("eval/samples/task") != nullptr; }

void SamplesModel::reload() {
    beginResetModel();
    count_ = runHasSamples() ? static_cast<int>(run_->rowsOf("samples")) : 0;
    endResetModel();
}

void SamplesModel::addRows() {
    const int now = runHasSamples() ? static_cast<int>(run_->rowsOf("samples")) : 0;
    if (now <= count_) return;
    beginInsertRows({}, count_, now - 1);
    count_ = now;
    endInsertRows();
}

SampleRow SamplesModel::sample(int row) const {
    SampleRow sample;
    if (row < 0 || row >= count_) return sample;
    sample.task = textAt(*run_, "eval/samples/task", row);
    sample.tokens = static_cast<std::int64_t>(numberAt(*run_, "eval/samples/tokens", row));
    sample.depth = numberAt(*run_, "eval/samples/depth", row);
    sample.needle_depth = numberAt(*run_, "eval/samples/needle_depth", row);
    sample.seed = textAt(*run_, "eval/samples/seed", row);
    sample.expected = textAt(*run_, "eval/samples/expected", row);
    sample.given = textAt(*run_, "eval/samples/given", row);
    sample.recall = numberAt(*run_, "eval/samples/recall", row);
    sample.exact = numberAt(*run_, "eval/samples/exact", row) == 1;
    return sample;
}

int SamplesModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : count_; }

int SamplesModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : num_columns; }

QVariant SamplesModel::sortValue(int row, int column) const {
    switch (column) {
        case NumberColumn:
            return row;
        case TokensColumn:
            return numberAt(*run_, "eval/samples/tokens", row);
        case DepthColumn:
            return numberAt(*run_, "eval/samples/needle_depth", row);
        case RecallColumn:
            return numberAt(*run_, "eval/samples/recall", row);
        default:
            return index(row, column).data();
    }
}

QVariant SamplesModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= count_ || index.column() >= num_columns) return {};
    const int row = index.row();
    if (role == SortRole) return sortValue(row, index.column());
    if (role == RecallRole) return numberAt(*run_, "eval/samples/recall", row);
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue((isSampleNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft) |
                                   Qt::AlignVCenter);
    if (role == SearchRole) {
        const SampleRow shown = sample(row);
        return QString(shown.task + QChar('\n') + shown.expected + QChar('\n') + shown.given).toLower();
    }
    if (role == Qt::ToolTipRole && index.column() == NumberColumn) return rowLines(*this, row, 0);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    switch (index.column()) {
        case NumberColumn:
            return row;
        case TaskColumn:
            return textAt(*run_, "eval/samples/task", row);
        case TokensColumn:
            return tokensText(static_cast<std::int64_t>(numberAt(*run_, "eval/samples/tokens", row)));
        case DepthColumn:
            return shareText(numberAt(*run_, "eval/samples/needle_depth", row));
        case RecallColumn:
            return shareText(numberAt(*run_, "eval/samples/recall", row));
        case ExpectedColumn:
            return textAt(*run_, "eval/samples/expected", row).simplified();
        default:
            return textAt(*run_, "eval/samples/given", row).simplified();
    }
}

QVariant SamplesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= num_columns) return {};
    if (role == Qt::DisplayRole) return tr(kSamplesTitles[section]);
    if (role == Qt::ToolTipRole) return tr(kSamplesHelps[section]);
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue((isSampleNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    return {};
}

SamplesFilter::SamplesFilter(QObject* parent) : QSortFilterProxyModel(parent) { setSortRole(SamplesModel::SortRole); }

void SamplesFilter::setWrongOnly(bool wrong_only) {
    wrong_only_ = wrong_only;
    invalidateFilter();
}

void SamplesFilter::setWords(const QString& text) {
    words_ = text.toLower().split(QChar(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

void SamplesFilter::setCell(const QString& task, std::int64_t tokens, double depth) {
    cell_task_ = task;
    cell_tokens_ = tokens;
    cell_depth_ = depth;
    invalidateFilter();
}

bool SamplesFilter::filterAcceptsRow(int source_row, const QModelIndex& source_parent) const {
    const QModelIndex index = sourceModel()->index(source_row, 0, source_parent);
    if (wrong_only_ && index.data(SamplesModel::RecallRole).toDouble() >= 1) return false;
    if (!cell_task_.isEmpty()) {
        const SampleRow sample = static_cast<const SamplesModel*>(sourceModel())->sample(source_row);
        constexpr double same_depth = 1e-6;  // the same number went through text and back
        if (sample.task != cell_task_ || sample.tokens != cell_tokens_ ||
            std::abs(sample.depth - cell_depth_) > same_depth)
            return false;
    }
    if (words_.isEmpty()) return true;
    const QString search = index.data(SamplesModel::SearchRole).toString();
    return std::all_of(words_.begin(), words_.end(), [&](const QString& word) { return search.contains(word); });
}

}  // namespace fm
