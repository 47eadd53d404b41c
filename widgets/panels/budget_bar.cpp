#include "widgets/panels/budget_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/state/measured_plans.h"
#include "widgets/state/plan_state.h"
#include "widgets/theme/theme.h"

namespace fm {
namespace {

constexpr double kKnob = 7;  // radius
constexpr double kGroove = 4;

}  // namespace

BudgetSlider::BudgetSlider(PlanState& plan, ThemeSource& theme, QWidget* parent)
    : QSlider(Qt::Horizontal, parent), plan_(plan), theme_(theme) {
    setObjectName("budgetSlider");
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Budget K: how many layers keep full attention"));
    setToolTip(
        tr("Budget K: the K layers with the highest gates keep full attention, the others become linear.\n"
           "Fewer cost less memory and lose more answers. Plan, cost and prediction follow the slider;\n"
           "when it rests, the engine measures the plan.\n"
           "Green dots: budgets at which a plan was already measured."));
    connect(&plan_, &PlanState::planChanged, this, &BudgetSlider::followPlan);
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
    followPlan();
}

void BudgetSlider::setProbedBudgets(const std::set<int>& budgets) {
    if (std::exchange(probed_, budgets) != budgets) update();
}

void BudgetSlider::followPlan() {
    const QSignalBlocker quiet(this);
    setRange(0, plan_.numLayers());
    setPageStep(std::max(1, plan_.numLayers() / 10));
    setValue(plan_.budget());
    setAccessibleDescription(tr("%1 of %2 layers").arg(plan_.budget()).arg(plan_.numLayers()));
    update();
}

double BudgetSlider::positionOf(int budget) const {
    const double room = width() - 2 * kKnob - 2;
    return kKnob + 1 + room * budget / std::max(1, maximum());
}

int BudgetSlider::budgetAt(double x) const {
    const double room = std::max(1.0, width() - 2 * kKnob - 2);
    return static_cast<int>(std::lround((x - kKnob - 1) / room * maximum()));
}

void BudgetSlider::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return event->ignore();
    setSliderDown(true);
    plan_.beginBudgetDrag();
    plan_.setBudget(budgetAt(event->position().x()));
}

void BudgetSlider::mouseMoveEvent(QMouseEvent* event) {
    if (isSliderDown()) plan_.setBudget(budgetAt(event->position().x()));
}

void BudgetSlider::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !isSliderDown()) return;
    setSliderDown(false);
    plan_.endBudgetDrag();
}

void BudgetSlider::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_Down:
            return plan_.setBudget(plan_.budget() - 1);
        case Qt::Key_Right:
        case Qt::Key_Up:
            return plan_.setBudget(plan_.budget() + 1);
        case Qt::Key_PageUp:
            return plan_.setBudget(plan_.budget() + pageStep());
        case Qt::Key_PageDown:
            return plan_.setBudget(plan_.budget() - pageStep());
        case Qt::Key_Home:
            return plan_.setBudget(plan_.minBudget());
        case Qt::Key_End:
            return plan_.setBudget(plan_.maxBudget());
        default:
            QWidget::keyPressEvent(event);
    }
}

void BudgetSlider::paintEvent(QPaintEvent*) {
    const Theme& theme = theme_.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const double y = height() / 2.0, left = positionOf(0), right = positionOf(maximum()), knob = positionOf(value());
    const auto line = [&](double from, double to, const QColor& colour) {
        painter.setBrush(colour);
        painter.drawRoundedRect(QRectF(from, y - kGroove / 2, to - from, kGroove), kGroove / 2, kGroove / 2);
    };
    line(left, right, theme.field);
    line(left, knob, theme.full);
    // Budgets that the pins rule out.
    painter.setBrush(withAlpha(theme.window, 170));
    if (plan_.minBudget() > 0)
        painter.drawRect(QRectF(left, y - kGroove / 2, positionOf(plan_.minBudget()) - left, kGroove));
    if (plan_.maxBudget() < maximum()) {
        const double from = positionOf(plan_.maxBudget());
        painter.drawRect(QRectF(from, y - kGroove / 2, right - from, kGroove));
    }
    painter.setBrush(theme.accent);
    for (const int budget : probed_) painter.drawEllipse(QPointF(positionOf(budget), y + 10), 2.2, 2.2);
    painter.setBrush(theme.text);
    painter.setPen(QPen(hasFocus() ? theme.accent : theme.panel, 2));
    painter.drawEllipse(QPointF(knob, y), kKnob - 1, kKnob - 1);
}

BudgetBar::BudgetBar(PlanState& plan, ThemeSource& theme, QWidget* parent)
    : QWidget(parent), slider_(new BudgetSlider(plan, theme, this)) {
    auto* name = new QLabel(tr("&Budget"), this);
    name->setBuddy(slider_);
    name->setFont(uiFont(0, true));
    auto* value = new QLabel(this);
    value->setObjectName("budgetValue");
    value->setFont(uiFont(0, true));
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    value->setMinimumWidth(value->fontMetrics().horizontalAdvance("K = 88 / 88"));
    value->setToolTip(tr("Layers that keep full attention, of all layers"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(name);
    row->addWidget(slider_, 1);
    row->addWidget(value);
    const auto show = [value, &plan] { value->setText(tr("K = %1 / %2").arg(plan.budget()).arg(plan.numLayers())); };
    connect(&plan, &PlanState::planChanged, value, show);
    show();
}

void BudgetBar::setMeasurements(const Measurements& measured) {
    std::set<int> budgets;
    for (const MeasuredPlan* plan : measured.distinct())
        if (plan->complete) budgets.insert(plan->budget);
    slider_->setProbedBudgets(budgets);
}

}  // namespace fm
