// The budget: how many layers keep full attention. Plan, cost and prediction follow the mouse; ticks mark the budgets
// at which a plan was already probed.
#pragma once

#include <QSlider>
#include <set>

namespace fm {

class PlanState;
class ThemeSource;
struct Measurements;

// Arrows step by one, Page Up/Down by a tenth, Home/End go to the ends that the pins allow. Thread: the window's.
class BudgetSlider : public QSlider {
    Q_OBJECT
public:
    BudgetSlider(PlanState& plan, ThemeSource& theme, QWidget* parent = nullptr);
    void setProbedBudgets(const std::set<int>& budgets);
    double positionOf(int budget) const;  // x of its tick
    QSize sizeHint() const override { return {240, 30}; }
    QSize minimumSizeHint() const override { return {120, 30}; }

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;

private:
    void followPlan();
    int budgetAt(double x) const;

    PlanState& plan_;
    ThemeSource& theme_;
    std::set<int> probed_;
};

// The slider between its name and "K = 8 / 30".
class BudgetBar : public QWidget {
    Q_OBJECT
public:
    BudgetBar(PlanState& plan, ThemeSource& theme, QWidget* parent = nullptr);
    BudgetSlider& slider() { return *slider_; }
    void setMeasurements(const Measurements& measured);  // where ticks come from

private:
    BudgetSlider* slider_;
};

}  // namespace fm
