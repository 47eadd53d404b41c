#include "app/gui/plan_prober.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "app/gui/engine_link.h"
#include "core/run/json_number.h"
#include "widgets/client/engine_client.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"

namespace fm {
namespace {

constexpr std::chrono::minutes kLongestProbe{10};

// What `flashmorph probe --json` prints. Nothing when a figure is missing.
std::optional<MeasuredPlan> measuredFrom(const nlohmann::json& json, const std::string& plan_key) {
    MeasuredPlan measured;
    measured.plan = plan_key;
    measured.budget = static_cast<int>(std::count(plan_key.begin(), plan_key.end(), 'F'));
    const std::pair<const char*, double*> members[] = {
        {"answer_kl", &measured.answer_kl},     {"answer_kl_half_width", &measured.answer_kl_half_width},
        {"exact_match", &measured.exact_match}, {"exact_match_half_width", &measured.exact_match_half_width},
        {"text_kl", &measured.text_kl},         {"answers", &measured.answers}};
    for (const auto& [name, member] : members) {
        const std::optional<double> value = json.contains(name) ? numberFromJson(json[name]) : std::nullopt;
        if (!value) return std::nullopt;
        *member = *value;
    }
    if (json.contains("run") && json["run"].is_string()) measured.run = json["run"].get<std::string>();
    measured.source = "probe";
    return measured;
}

}  // namespace

PlanProber::PlanProber(EngineLink& engine, CostState& cost, PlanState& plan, QObject* parent)
    : QObject(parent), engine_(engine), cost_(cost) {
    connect(&cost_, &CostState::probeWanted, this, &PlanProber::probe);
    connect(&engine_, &EngineLink::phaseChanged, this, &PlanProber::showWhetherAllowed);
    connect(&cost_, &CostState::changed, this, &PlanProber::showWhetherAllowed);
    connect(&plan.undoStack(), &QUndoStack::indexChanged, this, &PlanProber::noteEdit);
    rest_.setSingleShot(true);
    rest_.setInterval(CostState::kRestMs);
    connect(&rest_, &QTimer::timeout, this, &PlanProber::rested);
}

void PlanProber::showWhetherAllowed() {
    const bool free = engine_.phase() == JobPhase::Idle || engine_.phase() == JobPhase::Paused;
    cost_.setProbesAllowed(free && cost_.shape().has_value());
}

void PlanProber::noteEdit() {
    if (engine_.phase() == JobPhase::Running) rest_.start();
}

void PlanProber::rested() {
    if (engine_.phase() != JobPhase::Running || cost_.measured() || !cost_.cost()) return;
    if (asked_) return rest_.start();
    probe(cost_.plan());
}

void PlanProber::probe(const Plan& plan) {
    const std::string key = plan.key();
    asked_ = true;
    cost_.setMeasuring(key, true);
    const auto done = [this, key](const EngineReply& reply) {
        asked_ = false;
        const auto measured = reply.ok() ? measuredFrom(reply.result, key) : std::nullopt;
        if (measured) cost_.addMeasured(*measured);
        QString why = reply.ok() ? QString() : reply.sentence();
        if (reply.ok() && !measured) why = tr("The engine's answer to plan/probe lacks figures.");
        cost_.setMeasuring(key, false, why);
        if (measured) engine_.lookForRuns();  // it has left a run
    };
    engine_.client().request("plan/probe", {{"plan", key}}, this, done, kLongestProbe);
}

}  // namespace fm
