// Which layer enters at which budget, for the gates of the shown step and the present pins.
#pragma once

#include <QWidget>

namespace fm {

class CostState;
class PlanBudgetMap;
class PlanState;
class Selection;
class ThemeSource;

// Thread: the window's.
class PlanBudgetPanel : public QWidget {
    Q_OBJECT
public:
    PlanBudgetPanel(PlanState& plan, const CostState& cost, Selection& selection, ThemeSource& theme,
                    QWidget* parent = nullptr);
    PlanBudgetMap& map() { return *map_; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showPlans();
    void showMarks();
    void showMeasured();

    PlanState& plan_;
    const CostState& cost_;
    Selection& selection_;
    PlanBudgetMap* map_;
    bool stale_ = true;
};

}  // namespace fm
