// Measures plans in the engine when the cost state asks for it.
#pragma once

#include <QObject>
#include <QTimer>

#include "core/run/plan.h"

namespace fm {

class CostState;
class EngineLink;
class PlanState;

// While a job runs, the engine measures between two of its micro-batches. Then only plans that the user has edited are
// worth the job's time: those that merely follow the moving gates would take a probe each. Thread: the window's.
class PlanProber : public QObject {
    Q_OBJECT
public:
    PlanProber(EngineLink& engine, CostState& cost, PlanState& plan, QObject* parent = nullptr);

private:
    void probe(const Plan& plan);
    void noteEdit();
    void rested();
    void showWhetherAllowed();

    EngineLink& engine_;
    CostState& cost_;
    bool asked_ = false;  // a probe is under way
    QTimer rest_;         // since the user's last edit during a job; the gates may go on changing the plan meanwhile
};

}  // namespace fm
