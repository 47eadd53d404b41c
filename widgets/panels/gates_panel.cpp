#include "widgets/panels/gates_panel.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/panels/layer_marks.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/plots/gate_history.h"
#include "widgets/plots/gates_curves.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/state/gate_run_view.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"

namespace fm {

GatesPanel::GatesPanel(const RunData& run, StepCursor& cursor, const PlanState& plan, Selection& selection,
                       ThemeSource& theme, QWidget* parent)
    : QWidget(parent),
      run_(run),
      cursor_(cursor),
      plan_(plan),
      selection_(selection),
      heatmap_(new GatesHeatmap(theme, this)),
      curves_(new GatesCurves(theme, this)),
      pages_(new QStackedWidget(this)) {
    setObjectName("gatesPanel");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(pages_);
    pages_->addWidget(heatmap_);
    pages_->addWidget(curves_);
    heatmap_->setTitleShown(false);
    curves_->setTitleShown(false);
    heatmap_->addHeaderWidget(switchButtons());
    curves_->addHeaderWidget(switchButtons());
    const auto choose = [this](int layer, Qt::KeyboardModifiers modifiers) {
        chooseLayer(selection_, layer, modifiers);
    };
    connect(heatmap_, &GatesHeatmap::layerClicked, this, choose);
    connect(heatmap_, &GatesHeatmap::stepClicked, this, &GatesPanel::chooseStep);
    connect(curves_, &GatesCurves::layerClicked, this, choose);
    connect(curves_, &GatesCurves::stepClicked, this, &GatesPanel::chooseStep);
    connect(&run_, &RunData::wasReset, this, &GatesPanel::readRun);
    connect(&run_, &RunData::rowsAppended, this, &GatesPanel::readNewRows);
    connect(&cursor_, &StepCursor::stepChanged, this, &GatesPanel::showStep);
    connect(&plan_, &PlanState::planChanged, this, &GatesPanel::showMarks);
    connect(&selection_, &Selection::layersChanged, this, &GatesPanel::showMarks);
    showCurves(false);
    readRun();
}

// Both figures carry the same switch, so that it stays in its place.
QWidget* GatesPanel::switchButtons() {
    auto* row = new QWidget(this);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* group = new QButtonGroup(row);
    const std::pair<QString, QString> buttons[] = {{tr("heat map"), tr("Every gate at every step, bright is full")},
                                                   {tr("curves"), tr("One curve per layer")}};
    for (int page = 0; page < 2; ++page) {
        QToolButton* button = flatButton(buttons[page].first, buttons[page].second, row);
        button->setCheckable(true);
        group->addButton(button, page);
        layout->addWidget(button);
    }
    connect(group, &QButtonGroup::idClicked, this, [this](int page) { showCurves(page == 1); });
    switches_ << group;
    return row;
}

void GatesPanel::showCurves(bool curves) {
    pages_->setCurrentIndex(curves ? 1 : 0);
    for (QButtonGroup* group : switches_) group->button(curves ? 1 : 0)->setChecked(true);
}

void GatesPanel::readRun() {
    history_ = std::make_shared<GateHistory>(run_.column("gates/alpha") ? run_.numLayers() : 0);
    heatmap_->setHistory(history_);
    curves_->setHistory(history_);
    readNewRows();
    showStep();
    showMarks();
}

void GatesPanel::readNewRows() {
    const std::span<const double> steps = run_.numbers("steps/index");
    const std::span<const float> alpha = run_.vectors("gates/alpha");
    const std::size_t first = history_->numSteps(), layers = static_cast<std::size_t>(history_->numLayers());
    if (layers == 0 || steps.size() <= first) return;
    history_->append(steps.subspan(first), alpha.subspan(first * layers));
    heatmap_->historyGrew();
    curves_->historyGrew();
}

void GatesPanel::showStep() {
    heatmap_->setStepCursor(stepOfRow(run_, cursor_.step()));
    curves_->setStepCursor(stepOfRow(run_, cursor_.step()));
}

void GatesPanel::showMarks() {
    const LayerMarks marks = layerMarks(plan_, selection_);
    heatmap_->setMarks(marks);
    curves_->setMarks(marks);
}

void GatesPanel::chooseStep(double step) { cursor_.setStep(rowOfStep(run_, step)); }

}  // namespace fm
