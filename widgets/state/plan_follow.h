// Keeps the plan on the gates of the shown step: the join between run, cursor and plan.
#pragma once

#include <QObject>

namespace fm {

class PlanState;
class RunData;
class StepCursor;

// A gate run that is shown first decides number of layers, budget and pins; edits made since are kept when another run
// with as many layers is shown. Runs of other jobs leave the plan as it is. Thread: the window's.
class PlanFollow : public QObject {
    Q_OBJECT
public:
    PlanFollow(const RunData& run, StepCursor& cursor, PlanState& plan, QObject* parent = nullptr);

private:
    void runReset();
    void rowsAppended();
    void showStep();
    int ownBudget() const;
    bool isGateRun() const;

    const RunData& run_;
    StepCursor& cursor_;
    PlanState& plan_;
};

}  // namespace fm
