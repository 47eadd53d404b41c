#include "widgets/panels/plan_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <cmath>
#include <limits>

#include "widgets/models/number_text.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/cost_tiles.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/plan_title.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/step_cursor.h"

namespace fm {

PlanPanel::PlanPanel(const RunData& run, const StepCursor& cursor, PlanState& plan, CostState& cost,
                     Selection& selection, ThemeSource& theme, QWidget* parent)
    : QWidget(parent),
      run_(run),
      cursor_(cursor),
      plan_(plan),
      cost_(cost),
      title_(new PlanTitle(theme, this)),
      strip_(new PlanStrip(plan, selection, theme, this)),
      budget_(new BudgetBar(plan, theme, this)),
      tiles_(new CostTiles(cost, plan, *strip_, theme, this)) {
    setObjectName("planPanel");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 4, 10, 8);
    column->setSpacing(6);
    column->addWidget(strip_, 1);
    column->addWidget(budget_);
    column->addWidget(tiles_);
    column->addStretch(0);
    connect(&run_, &RunData::wasReset, this, &PlanPanel::showStep);
    connect(&cursor_, &StepCursor::stepChanged, this, &PlanPanel::showStep);
    connect(&plan_, &PlanState::planChanged, this, [this] {
        cost_.setPlan(plan_.plan());
        showTitle();
    });
    connect(&plan_, &PlanState::rankingChanged, this, &PlanPanel::showTitle);
    connect(&cost_, &CostState::changed, this, &PlanPanel::showCost);
    connect(&cost_, &CostState::measurementsChanged, this, [this] { budget_->setMeasurements(cost_.measurements()); });
    cost_.setPlan(plan_.plan());
    budget_->setMeasurements(cost_.measurements());
    showStep();
    showCost();
}

void PlanPanel::setLocalErrors(std::vector<double> local_error) {
    local_error_ = std::move(local_error);
    showStep();
}

void PlanPanel::showStep() {
    const std::span<const float> alpha = run_.vectorRow("gates/alpha", cursor_.step());
    const std::span<const float> gradient = run_.vectorRow("gates/grad", cursor_.step());
    if (!alpha.empty()) {
        constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
        std::vector<StripDetail> details;
        for (std::size_t l = 0; l < alpha.size(); ++l) {
            details.push_back({alpha[l], l < gradient.size() ? double(gradient[l]) : kUnknown,
                               l < local_error_.size() ? local_error_[l] : kUnknown});
        }
        strip_->setDetails(std::move(details));
        strip_->setSpread(gateSpread(run_, cursor_.step()));
    }
    showTitle();
}

void PlanPanel::showCost() {
    if (const auto layer = cost_.layerCost()) {
        strip_->setLayerCost(tr("%1 per token").arg(bytesText(double(layer->kv_bytes_per_token))),
                             tr("%1 once").arg(bytesText(double(layer->state_bytes))));
    }
}

QString PlanPanel::subtitle() const {
    if (plan_.numLayers() == 0) return tr("no gates yet: run Gates, or choose a gate run");
    QString text = tr("%1 of %2 layers keep full attention").arg(plan_.budget()).arg(plan_.numLayers());
    if (plan_.hasRanking() && cursor_.step() >= 0) text += tr(" · step %1").arg(cursor_.step());
    if (plan_.showsSwaps()) text += tr(" · after the swaps of the run");
    return text;
}

QWidget* PlanPanel::titleRow() { return title_; }

void PlanPanel::showTitle() { title_->setSubtitle(subtitle()); }

}  // namespace fm
