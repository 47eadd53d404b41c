#include "widgets/state/plan_follow.h"

#include "core/plan/pins.h"
#include "widgets/state/gate_run_view.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/step_cursor.h"

namespace fm {

PlanFollow::PlanFollow(const RunData& run, StepCursor& cursor, PlanState& plan, QObject* parent)
    : QObject(parent), run_(run), cursor_(cursor), plan_(plan) {
    connect(&run_, &RunData::wasReset, this, &PlanFollow::runReset);
    connect(&run_, &RunData::rowsAppended, this, &PlanFollow::rowsAppended);
    connect(&run_, &RunData::stateChanged, this, &PlanFollow::showStep);
    connect(&cursor_, &StepCursor::stepChanged, this, &PlanFollow::showStep);
    runReset();
}

bool PlanFollow::isGateRun() const { return run_.isOpen() && run_.column("gates/alpha") != nullptr; }

int PlanFollow::ownBudget() const {
    const std::span<const double> budgets = run_.numbers("series/objective/budget");
    return static_cast<int>(budgets.empty() ? run_.specNumber("budget") : budgets.back());
}

void PlanFollow::runReset() {
    cursor_.reset(run_.rowsOf("steps"), static_cast<std::int64_t>(run_.specNumber("steps")));
    if (!isGateRun()) return;
    const bool untouched = plan_.undoStack().count() == 0;
    if (untouched || plan_.numLayers() != run_.numLayers())
        plan_.reset(run_.numLayers(), ownBudget(), pinsOfSpec(run_.header().spec_json));
    showStep();
}

void PlanFollow::rowsAppended() { cursor_.setCount(run_.rowsOf("steps")); }

void PlanFollow::showStep() {
    if (!isGateRun() || plan_.numLayers() != run_.numLayers()) return;
    // The last step of a finished run is its end: the plan after its swaps, as `flashmorph plan` without --step gives.
    plan_.setRanking(rankingAt(run_, cursor_.step()), cursor_.atLast() ? endedWith(run_) : std::nullopt);
}

}  // namespace fm
