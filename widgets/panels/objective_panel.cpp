#include "widgets/panels/objective_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidgetAction>
#include <algorithm>

#include "widgets/models/number_text.h"
#include "widgets/panels/live_settings.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/state/gate_run_view.h"
#include "widgets/state/run_data.h"
#include "widgets/state/step_cursor.h"

namespace fm {
namespace {

// Every scalar of the run's steps that is no counter: "series/loss/total".
std::vector<CurveSpec> seriesOf(const RunData& run) {
    std::vector<CurveSpec> curves;
    const std::optional<int> steps = run.findTable("steps");
    if (!steps) return curves;
    for (const Column& column : run.header().tables[static_cast<std::size_t>(*steps)].columns) {
        if (column.type != CellType::Float64 || column.path.rfind("series/", 0) != 0) continue;
        const QString path = QString::fromStdString(column.path);
        const bool rate = path.endsWith("/lr") || path.endsWith("norm");
        curves.push_back({.id = path,
                          .label = path.section('/', -1).replace('_', ' '),
                          .unit = QString::fromStdString(column.unit),
                          .right_axis = rate,
                          .smooth = !rate});
    }
    return curves;
}

constexpr const char* kResidual = "budget_residual";  // not in the run file as such

// How far the sum of the gates is from the budget that the dual rule steers to, layers; of the rows from `first` on.
std::vector<double> budgetResidual(const RunData& run, std::size_t first) {
    const std::span<const double> sum = run.numbers("series/objective/gate_sum");
    const std::span<const double> budget = run.numbers("series/objective/budget");
    std::vector<double> residual;
    for (std::size_t i = first; i < std::min(sum.size(), budget.size()); ++i) residual.push_back(sum[i] - budget[i]);
    return residual;
}

QWidgetAction* popup(QWidget* content, QMenu* menu) {
    auto* action = new QWidgetAction(menu);
    action->setDefaultWidget(content);
    menu->addAction(action);
    return action;
}

}  // namespace

ObjectivePanel::ObjectivePanel(const RunData& run, StepCursor& cursor, ThemeSource& theme, QWidget* parent)
    : QWidget(parent),
      run_(run),
      cursor_(cursor),
      plot_(new ObjectivePlot(theme, this)),
      settings_(new LiveSettings(this)) {
    setObjectName("objectivePanel");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(plot_);
    plot_->setTitle(tr("Objective"));
    plot_->setTitleShown(false);
    plot_->setEmptyText(
        tr("Losses, lambda and learning rate appear here while a job takes steps. Start Gates, or choose "
           "a run with steps in Runs."));
    addSettings();
    addSmoothing();
    connect(plot_, &CurvePlot::stepClicked, &cursor_, [this](double step) { cursor_.setStep(rowOfStep(run_, step)); });
    connect(&run_, &RunData::wasReset, this, &ObjectivePanel::readRun);
    connect(&run_, &RunData::rowsAppended, this, &ObjectivePanel::readNewRows);
    connect(&cursor_, &StepCursor::stepChanged, this, &ObjectivePanel::showStep);
    readRun();
}

void ObjectivePanel::addSettings() {
    settings_button_ = flatButton(QString::fromUtf8("λ –"),
                                  tr("Change lambda, learning rate or budget of the running gate job"), plot_);
    settings_button_->setObjectName("settingsButton");
    settings_button_->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(settings_button_);
    popup(settings_, menu);
    settings_button_->setMenu(menu);
    plot_->addHeaderWidget(settings_button_);
}

void ObjectivePanel::addSmoothing() {
    QToolButton* button = flatButton(tr("smoothing"),
                                     tr("How strongly curves are smoothed: debiased moving average, "
                                        "the raw values stay visible behind it"),
                                     plot_);
    button->setPopupMode(QToolButton::InstantPopup);
    auto* content = new QWidget(this);
    auto* row = new QHBoxLayout(content);
    auto* slider = new QSlider(Qt::Horizontal, content);
    auto* value = new QLabel(content);
    slider->setObjectName("smoothing");
    slider->setAccessibleName(tr("Smoothing"));
    slider->setRange(0, 99);
    slider->setMinimumWidth(160);
    row->addWidget(slider);
    row->addWidget(value);
    const auto show = [this, value](int percent) {
        plot_->setSmoothing(percent / 100.0);
        value->setText(percent == 0 ? tr("raw") : tr("EMA %1").arg(percent / 100.0, 0, 'f', 2));
    };
    connect(slider, &QSlider::valueChanged, this, show);
    slider->setValue(static_cast<int>(100 * plot_->smoothing()));
    show(slider->value());
    auto* menu = new QMenu(button);
    popup(content, menu);
    button->setMenu(menu);
    plot_->addHeaderWidget(button);
}

void ObjectivePanel::readRun() {
    const bool gates = run_.isOpen() && run_.column("gates/alpha") != nullptr;
    std::vector<CurveSpec> curves = gates ? ObjectivePlot::gateRunCurves() : seriesOf(run_);
    if (gates) {
        curves.push_back(
            {.id = kResidual, .label = QString::fromUtf8("Σα − K"), .unit = tr("layers"), .smooth = false});
    }
    paths_.clear();
    for (const CurveSpec& curve : curves) paths_.push_back(curve.id.toStdString());
    plot_->setCurves(curves);
    if (gates) plot_->setCurveShown(kResidual, false);  // a click on its legend shows it
    plot_->setSubject(run_.isOpen() ? tr("%1 run").arg(run_.job()) : QString());
    settings_button_->setVisible(gates || !run_.isOpen());
    rows_read_ = 0;
    readNewRows();
    showStep();
}

void ObjectivePanel::readNewRows() {
    const std::span<const double> steps = run_.numbers("steps/index");
    const std::size_t first = static_cast<std::size_t>(rows_read_);
    if (steps.size() <= first) return;
    for (std::size_t c = 0; c < paths_.size(); ++c) {
        const std::span<const double> new_steps = steps.subspan(first);
        if (paths_[c] == kResidual) {
            const std::vector<double> residual = budgetResidual(run_, first);
            if (residual.size() == new_steps.size()) plot_->append(c, new_steps, residual);
        } else if (const std::span<const double> values = run_.numbers(paths_[c]); values.size() == steps.size()) {
            plot_->append(c, new_steps, values.subspan(first));
        }
    }
    rows_read_ = static_cast<std::int64_t>(steps.size());
    showSettings();
}

void ObjectivePanel::showStep() {
    plot_->setStepCursor(stepOfRow(run_, cursor_.step()));
    showSettings();
}

void ObjectivePanel::showSettings() {
    const std::span<const double> lambda = run_.numbers("series/objective/lambda");
    const std::span<const double> budget = run_.numbers("series/objective/budget");
    if (lambda.empty() || budget.size() != lambda.size()) {
        settings_button_->setText(QString::fromUtf8("λ –"));
        return;
    }
    const std::size_t shown = static_cast<std::size_t>(
        std::clamp<std::int64_t>(cursor_.step(), 0, static_cast<std::int64_t>(lambda.size()) - 1));
    settings_button_->setText(QString::fromUtf8("λ %1").arg(numberText(lambda[shown])));
    settings_->setCurrent(lambda.back(), run_.specNumber("lr"), budget.back(), run_.numLayers());
}

}  // namespace fm
