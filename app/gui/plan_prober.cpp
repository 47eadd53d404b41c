#include "app/gui/plan_prober.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "app/gui/engine_link.h"
#include "app/gui/measured_json.h"
#include "widgets/client/engine_client.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"

namespace fm {
namespace {

constexpr std::chrono::minutes kLongestProbe{60};

}  // namespace

PlanProber::PlanProber(EngineLink& engine, CostState& cost, PlanState& plan, QObject* parent)
    : QObject(parent), engine_(engine), cost_(cost) {
    connect(&cost_, &CostState::probeWanted, this, &PlanProber::probe);
    connect(&engine_.client(), &EngineClient::measured, this, &PlanProber::take);
    connect(&engine_, &EngineLink::phaseChanged, this, &PlanProber::showWhetherAllowed);
    connect(&cost_, &CostState::changed, this, &PlanProber::showWhetherAllowed);
    connect(&cost_, &CostState::changed, this, [this] {
        if (engine_.phase() != JobPhase::Running) stopIfLeft();  // else it is the gates that move the plan
    });
    connect(&plan.undoStack(), &QUndoStack::indexChanged, this, &PlanProber::noteEdit);
    edit_rest_.setSingleShot(true);
    edit_rest_.setInterval(CostState::kRestMs);
    connect(&edit_rest_, &QTimer::timeout, this, &PlanProber::rested);
}

void PlanProber::showWhetherAllowed() {
    const bool free = engine_.phase() == JobPhase::Idle || engine_.phase() == JobPhase::Paused;
    cost_.setProbesAllowed(free && cost_.shape().has_value());
}

void PlanProber::noteEdit() {
    stopIfLeft();
    if (engine_.phase() == JobPhase::Running) edit_rest_.start();
}

void PlanProber::rested() {
    if (engine_.phase() != JobPhase::Running || cost_.isComplete() || !cost_.cost()) return;
    if (asked_ && !asked_->is_rest) return edit_rest_.start();
    probe(cost_.plan());
}

// The plan under the user's hands goes before the rest: the engine leaves that one for this.
void PlanProber::probe(const Plan& plan) {
    cost_.setMeasuring(plan.key(), true);
    ask({plan.key(), {}}, false);
}

void PlanProber::ask(const ProbeSubject& subject, bool is_rest) {
    const Measurements& known = cost_.measurements();
    const auto design = known.designs.find(known.probe());
    asked_ = Asked{subject, is_rest, false, ++asked_number_};
    const auto done = [this, asked = *asked_](const EngineReply& reply) { answered(asked, reply); };
    engine_.client().request("plan/measure",
                             measureParams(subject, design == known.designs.end() ? ProbeDesign{} : design->second),
                             this, done, kLongestProbe);
}

void PlanProber::take(const nlohmann::json& scores) {
    const std::optional<MeasuredPlan> measured = measuredFrom(scores);
    if (measured && asked_ && ProbeSubject{measured->plan, measured->hybrid} == asked_->subject)
        cost_.addMeasured(*measured, designFrom(scores));
}

void PlanProber::answered(const Asked& asked, const EngineReply& reply) {
    if (asked.number <= forgotten_number_) return;
    const bool is_last = asked_ && asked_->number == asked.number;
    const bool was_stopped = is_last && asked_->stopped;
    if (is_last) asked_.reset();
    const std::optional<MeasuredPlan> measured = reply.ok() ? measuredFrom(reply.result) : std::nullopt;
    if (measured) cost_.addMeasured(*measured, designFrom(reply.result));
    QString why = reply.ok() ? QString() : reply.sentence();
    if (reply.ok() && !measured) why = tr("The engine's answer to plan/measure lacks figures.");
    if (measured && measured->complete && measured->identity != cost_.measurements().probe())
        why = tr("The engine measured this plan on another probe; choose it in Compare to see the figures.");
    if (!asked.is_rest) cost_.setMeasuring(asked.subject.plan, false, why);
    if (measured && measured->complete) engine_.lookForRuns();  // it has left a run
    // It gave way to the plan under the user's hands.
    if (asked.is_rest && measured && !measured->complete && !was_stopped) rest_.push_front(asked.subject);
    if (asked.is_rest && !reply.ok()) {
        rest_.clear();
        Q_EMIT engine_.problem(why);
    }
    measureNext();
}

void PlanProber::measureRest(const std::vector<ProbeSubject>& subjects) {
    rest_.assign(subjects.begin(), subjects.end());
    if (rest_.empty() && asked_ && asked_->is_rest) stop();
    measureNext();
}

void PlanProber::forget() {
    rest_.clear();
    if (asked_) stop();
    asked_.reset();
    forgotten_number_ = asked_number_;
    Q_EMIT restChanged(0);
}

void PlanProber::measureNext() {
    if (!asked_ && !rest_.empty()) {
        const ProbeSubject next = rest_.front();
        rest_.pop_front();
        ask(next, true);
    }
    Q_EMIT restChanged(static_cast<int>(rest_.size()) + (asked_ && asked_->is_rest ? 1 : 0));
}

void PlanProber::stop() {
    asked_->stopped = true;
    engine_.client().request("plan/stop", nlohmann::json::object(), this, [](const EngineReply&) {});
}

void PlanProber::stopIfLeft() {
    if (!asked_ || asked_->is_rest || asked_->stopped || asked_->subject.plan == cost_.plan().key()) return;
    stop();
}

}  // namespace fm
