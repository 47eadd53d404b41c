// Measures plans in the engine when the cost state asks for it.
#pragma once

#include <QObject>

#include "core/run/plan.h"

namespace fm {

class CostState;
class EngineLink;

// Probes only while the engine is free or paused: a probe must not slow a job down. Thread: the window's.
class PlanProber : public QObject {
    Q_OBJECT
public:
    PlanProber(EngineLink& engine, CostState& cost, QObject* parent = nullptr);

private:
    void probe(const Plan& plan);
    void showWhetherAllowed();

    EngineLink& engine_;
    CostState& cost_;
};

}  // namespace fm
