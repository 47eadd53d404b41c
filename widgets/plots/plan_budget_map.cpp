#include "widgets/plots/plan_budget_map.h"

#include <algorithm>

#include "widgets/plots/chart_parts.h"

namespace fm {

PlanBudgetMap::PlanBudgetMap(const ThemeSource& theme_source, QWidget* parent)
    : CellMap(theme_source, QStringLiteral("plan-versus-budget"), parent) {
    setTitle(tr("Plan versus budget"));
    setSubtitle(tr("which layer enters when"));
    setEmptyText(tr("No gate run yet. Its ranking decides which layers keep full attention at each budget."));
    setAccessibleSummary(tr("Table of layers and budgets: which layers keep full attention at which budget"));
    setLook({.gap_px = 1, .radius_px = 2, .square = false});
    chart().axisRect()->setMinimumMargins(QMargins(12, 14, 12, 8));  // dots of measured budgets stand above
    setAxisTitle(*chart().xAxis, tr("budget K, layers with full attention"));
    setAxisTitle(*chart().yAxis, tr("layer"));
    PlanBudgetMap::styleChanged();
}

void PlanBudgetMap::styleChanged() {
    CellMap::styleChanged();
    setLegend({{.mark = LegendEntry::Mark::Square, .colour = theme().full, .text = tr("full attention")},
               {.mark = LegendEntry::Mark::Square, .colour = theme().field, .text = tr("linear")},
               {.mark = LegendEntry::Mark::Dot, .colour = theme().accent, .text = tr("probe measured")}});
}

void PlanBudgetMap::setPlans(const BudgetPlans& plans) {
    const bool same_axes = plans.num_layers == plans_.num_layers && plans.budgets == plans_.budgets;
    plans_ = plans;
    markStale();
    if (same_axes) return;  // the ranking moves with every step
    chart().yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new LayerTicker(plans_.num_layers)));
    QStringList names;
    for (const int budget : plans_.budgets) names << QString::number(budget);
    setColumnNames(names);
}

void PlanBudgetMap::setBudget(int budget) {
    budget_ = budget;
    markStale();
}

void PlanBudgetMap::setMeasuredBudgets(const std::vector<int>& measured) {
    measured_ = measured;
    markStale();
}

void PlanBudgetMap::setMarks(const LayerMarks& marks) {
    marks_ = marks;
    markStale();
}

bool PlanBudgetMap::isFull(int layer, int column) const {
    const auto at = static_cast<std::size_t>(column);
    return at < plans_.full.size() && static_cast<std::size_t>(layer) < plans_.full[at].size() &&
           plans_.full[at][static_cast<std::size_t>(layer)];
}

bool PlanBudgetMap::isMeasured(int budget) const {
    return std::find(measured_.begin(), measured_.end(), budget) != measured_.end();
}

QColor PlanBudgetMap::cellColour(int row, int column) const {
    return isFull(row, column) ? theme().full : theme().grid;
}

ReadOut PlanBudgetMap::cellReadOut(int row, int column) const {
    const int budget = plans_.budgets[static_cast<std::size_t>(column)];
    const bool full = isFull(row, column);
    ReadOut out;
    out.heading = tr("K = %1, layer %2").arg(budget).arg(row);
    out.lines << ReadOutLine{full ? theme().full : theme().linear, tr("plan"),
                             full ? tr("full attention") : tr("linear")};
    int first = -1;
    for (int c = 0; first < 0 && c < numColumns(); ++c) {
        if (isFull(row, c)) first = plans_.budgets[static_cast<std::size_t>(c)];
    }
    out.lines << ReadOutLine{QColor(), tr("enters at"), first < 0 ? tr("no budget here") : tr("K = %1").arg(first)};
    if (isMeasured(budget)) out.lines << ReadOutLine{theme().accent, tr("probe measured"), QString()};
    return out;
}

void PlanBudgetMap::cellClicked(int row, int column, Qt::KeyboardModifiers modifiers) {
    Q_EMIT budgetClicked(plans_.budgets[static_cast<std::size_t>(column)]);
    Q_EMIT layerClicked(row, modifiers);
}

void PlanBudgetMap::paintMarks(QCPPainter& painter) const {
    for (int layer = 0; layer < numRows(); ++layer) {
        if (marks_.isSelected(layer)) outline(painter, cellsBetween(layer, layer, 0, numColumns() - 1));
    }
    for (int column = 0; column < numColumns(); ++column) {
        const int budget = plans_.budgets[static_cast<std::size_t>(column)];
        if (budget == budget_) outline(painter, cellsBetween(0, numRows() - 1, column, column));
        const double x = cellAt(0, column).center().x();
        if (!isMeasured(budget) || x < plotArea().left() || x > plotArea().right()) continue;
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme().accent);
        painter.drawEllipse(QPointF(x, plotArea().top() - 7), 2.8, 2.8);
    }
}

void PlanBudgetMap::writeCsv(QTextStream& out) const {
    out << "layer";
    for (const int budget : plans_.budgets) out << ",K=" << budget;
    out << '\n';
    for (int layer = 0; layer < numRows(); ++layer) {
        out << layer;
        for (int column = 0; column < numColumns(); ++column) out << (isFull(layer, column) ? ",1" : ",0");
        out << '\n';
    }
}

}  // namespace fm
