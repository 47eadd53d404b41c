#include "widgets/panels/plan_budget_panel.h"

#include <QVBoxLayout>
#include <set>

#include "widgets/panels/layer_marks.h"
#include "widgets/plots/plan_budget_map.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/selection.h"

namespace fm {

PlanBudgetPanel::PlanBudgetPanel(PlanState& plan, const CostState& cost, Selection& selection, ThemeSource& theme,
                                 QWidget* parent)
    : QWidget(parent), plan_(plan), cost_(cost), selection_(selection), map_(new PlanBudgetMap(theme, this)) {
    setObjectName("planBudgetPanel");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(map_);
    map_->setTitleShown(false);
    map_->setEmptyText(tr("Which layer enters at which budget is shown here as soon as there are gates: run Gates."));
    connect(map_, &PlanBudgetMap::budgetClicked, &plan_, &PlanState::setBudget);
    connect(map_, &PlanBudgetMap::layerClicked, this,
            [this](int layer, Qt::KeyboardModifiers modifiers) { chooseLayer(selection_, layer, modifiers); });
    connect(&plan_, &PlanState::rankingChanged, this, &PlanBudgetPanel::showPlans);
    connect(&plan_, &PlanState::planChanged, this, &PlanBudgetPanel::showPlans);
    connect(&selection_, &Selection::layersChanged, this, &PlanBudgetPanel::showMarks);
    connect(&cost_, &CostState::measurementsChanged, this, &PlanBudgetPanel::showMeasured);
    showPlans();
    showMeasured();
}

void PlanBudgetPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (stale_) showPlans();
}

// A plan per budget is work: only while somebody looks.
void PlanBudgetPanel::showPlans() {
    stale_ = !isVisible();
    if (stale_) return;
    BudgetPlans plans;
    plans.num_layers = plan_.hasRanking() ? plan_.numLayers() : 0;
    for (int budget = plan_.minBudget(); plans.num_layers > 0 && budget <= plan_.maxBudget(); ++budget) {
        const Plan plan = plan_.planAt(budget);
        std::vector<bool> full;
        for (const LayerKind kind : plan.kinds) full.push_back(kind == LayerKind::Full);
        plans.budgets.push_back(budget);
        plans.full.push_back(std::move(full));
    }
    map_->setPlans(plans);
    map_->setBudget(plan_.budget());
    showMarks();
}

void PlanBudgetPanel::showMarks() { map_->setMarks(layerMarks(plan_, selection_)); }

void PlanBudgetPanel::showMeasured() {
    std::set<int> budgets;
    for (const MeasuredPlan* measured : cost_.measurements().distinct())
        if (measured->complete) budgets.insert(measured->budget);
    map_->setMeasuredBudgets({budgets.begin(), budgets.end()});
}

}  // namespace fm
