// The heart of the window: plan strip, budget and what the plan costs, in one panel.
#pragma once

#include <QWidget>
#include <vector>

namespace fm {

class BudgetBar;
class CostState;
class CostTiles;
class PlanState;
class PlanStrip;
class PlanTitle;
class RunData;
class Selection;
class StepCursor;
class ThemeSource;

// Shows the plan at the cursor's step of a gate run. Thread: the window's.
class PlanPanel : public QWidget {
    Q_OBJECT
public:
    PlanPanel(const RunData& run, const StepCursor& cursor, PlanState& plan, CostState& cost, Selection& selection,
              ThemeSource& theme, QWidget* parent = nullptr);
    PlanStrip& strip() { return *strip_; }
    BudgetBar& budget() { return *budget_; }
    CostTiles& tiles() { return *tiles_; }
    QString subtitle() const;
    QWidget* titleRow();  // name, subtitle and legend, for the dock
    // Relative error of each layer's branch, from an align run; empty when none is known.
    void setLocalErrors(std::vector<double> local_error);

private:
    void showStep();
    void showCost();
    void showTitle();

    const RunData& run_;
    const StepCursor& cursor_;
    PlanState& plan_;
    CostState& cost_;
    PlanTitle* title_;
    PlanStrip* strip_;
    BudgetBar* budget_;
    CostTiles* tiles_;
    std::vector<double> local_error_;
};

}  // namespace fm
