#include "widgets/plots/retrieval_map.h"

#include <cmath>

#include "widgets/plots/chart_parts.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

QString percent(double share) { return QString::number(std::lround(100 * share)) + QStringLiteral(" %"); }

}  // namespace

RetrievalMap::RetrievalMap(const ThemeSource& theme_source, QWidget* parent)
    : CellMap(theme_source, QStringLiteral("retrieval-map"), parent) {
    setTitle(tr("Retrieval"));
    setSubtitle(tr("recall by needle depth and context length"));
    setEmptyText(tr("No evaluation yet. Start Evaluate to see at which depth and length answers are found."));
    setLook({.gap_px = 2, .radius_px = 2, .square = false});
    setLegend({sequentialLegend(tr("recall"), QStringLiteral("0"), QStringLiteral("1"))});
    setAxisTitle(*chart().xAxis, tr("context length, tokens"));
    setAxisTitle(*chart().yAxis, tr("needle depth"));
}

void RetrievalMap::setGrid(const RetrievalGrid& grid) {
    grid_ = grid;
    grid_.cells.resize(grid_.depths.size() * grid_.lengths.size());
    QStringList depths, lengths;
    for (const double depth : grid_.depths) depths << percent(depth);
    for (const double length : grid_.lengths) lengths << formatTokens(length);
    setRowNames(depths);
    setColumnNames(lengths);
    setAccessibleSummary(tr("Table of recall at %1 needle depths and %2 context lengths")
                             .arg(grid_.depths.size())
                             .arg(grid_.lengths.size()));
    markStale();
}

void RetrievalMap::setSelectedCell(std::optional<std::pair<int, int>> depth_and_length) {
    selected_ = depth_and_length;
    markStale();
}

RetrievalCell RetrievalMap::cell(int row, int column) const {
    return grid_.cells[static_cast<std::size_t>(row) * grid_.lengths.size() + static_cast<std::size_t>(column)];
}

QColor RetrievalMap::cellColour(int row, int column) const {
    const double recall = cell(row, column).recall;
    return std::isnan(recall) ? QColor() : QColor(sequentialColour(recall));
}

QString RetrievalMap::cellText(int row, int column) const {
    const double recall = cell(row, column).recall;
    return std::isnan(recall) ? QStringLiteral("–") : QString::number(recall, 'f', 2);
}

ReadOut RetrievalMap::cellReadOut(int row, int column) const {
    const RetrievalCell value = cell(row, column);
    ReadOut out;
    out.heading = tr("%1 tokens, depth %2")
                      .arg(formatTokens(grid_.lengths[static_cast<std::size_t>(column)]),
                           percent(grid_.depths[static_cast<std::size_t>(row)]));
    if (std::isnan(value.recall)) {
        out.lines << ReadOutLine{QColor(), tr("not measured"), QString()};
        return out;
    }
    out.lines << ReadOutLine{cellColour(row, column), tr("recall"), QString::number(value.recall, 'f', 3)};
    if (!std::isnan(value.low)) {
        out.lines << ReadOutLine{
            QColor(), tr("95 % interval"),
            QStringLiteral("%1 – %2").arg(QString::number(value.low, 'f', 3), QString::number(value.high, 'f', 3))};
    }
    out.lines << ReadOutLine{QColor(), tr("sequences"), formatInteger(value.num_sequences)};
    return out;
}

void RetrievalMap::cellClicked(int row, int column, Qt::KeyboardModifiers) { Q_EMIT cellSelected(row, column); }

void RetrievalMap::paintMarks(QCPPainter& painter) const {
    if (!selected_ || selected_->first >= numRows() || selected_->second >= numColumns()) return;
    outline(painter, cellAt(selected_->first, selected_->second));
}

void RetrievalMap::writeCsv(QTextStream& out) const {
    out << "depth,tokens,recall,low,high,sequences\n";
    for (int row = 0; row < numRows(); ++row) {
        for (int column = 0; column < numColumns(); ++column) {
            const RetrievalCell value = cell(row, column);
            out << exactNumber(grid_.depths[static_cast<std::size_t>(row)]) << ','
                << exactNumber(grid_.lengths[static_cast<std::size_t>(column)]) << ',' << exactNumber(value.recall)
                << ',' << exactNumber(value.low) << ',' << exactNumber(value.high) << ',' << value.num_sequences
                << '\n';
        }
    }
}

}  // namespace fm
