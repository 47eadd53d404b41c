#include "widgets/models/spec_diff_model.h"

#include <QFont>
#include <algorithm>
#include <map>
#include <set>

#include "widgets/models/run_text.h"

namespace fm {

SpecDiffModel::SpecDiffModel(QObject* parent) : QAbstractTableModel(parent) {}

void SpecDiffModel::setRuns(const std::vector<Run>& runs) {
    beginResetModel();
    titles_.clear();
    fields_.clear();
    std::vector<std::map<std::string, std::string>> specs;
    std::set<std::string> names;
    for (const Run& run : runs) {
        titles_ << run.title;
        specs.push_back(flatSpec(run.spec_json));
        for (const auto& [name, value] : specs.back()) names.insert(name);
    }
    for (const std::string& name : names) {
        Field field{QString::fromStdString(name), {}, false};
        for (const auto& spec : specs) {
            const auto found = spec.find(name);
            field.values.push_back(found == spec.end() ? std::nullopt
                                                       : std::optional(QString::fromStdString(found->second)));
            field.differs = field.differs || field.values.back() != field.values.front();
        }
        fields_.push_back(std::move(field));
    }
    showFields();
    endResetModel();
}

void SpecDiffModel::setDifferencesOnly(bool only) {
    if (only == differences_only_) return;
    beginResetModel();
    differences_only_ = only;
    showFields();
    endResetModel();
}

int SpecDiffModel::numDifferences() const {
    return static_cast<int>(
        std::count_if(fields_.begin(), fields_.end(), [](const Field& field) { return field.differs; }));
}

void SpecDiffModel::showFields() {
    shown_.clear();
    for (std::size_t i = 0; i < fields_.size(); ++i)
        if (fields_[i].differs || !differences_only_) shown_.push_back(i);
}

QString SpecDiffModel::tsv() const {
    QStringList lines{tr("field") + QChar('\t') + titles_.join(QChar('\t'))};
    for (const std::size_t i : shown_) {
        QString line = fields_[i].name;
        for (const std::optional<QString>& value : fields_[i].values) line += QChar('\t') + value.value_or(QString());
        lines << line;
    }
    return lines.join(QChar('\n')) + QChar('\n');
}

int SpecDiffModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}

int SpecDiffModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 1 + numRuns(); }

QVariant SpecDiffModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
    const Field& field = fields_[shown_[static_cast<std::size_t>(index.row())]];
    if (role == Qt::FontRole && field.differs && !differences_only_) {
        QFont bold;
        bold.setWeight(QFont::DemiBold);  // what ships; a heavier weight would be drawn smeared
        return bold;
    }
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    if (index.column() == 0) return field.name;
    const std::optional<QString>& value = field.values[static_cast<std::size_t>(index.column() - 1)];
    if (role == Qt::ToolTipRole) return value.value_or(tr("This job has no field \"%1\"").arg(field.name));
    return !value ? QStringLiteral("–") : value->isEmpty() ? tr("none") : *value;
}

QVariant SpecDiffModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    return section == 0 ? tr("field") : titles_.at(section - 1);
}

}  // namespace fm
