#include "widgets/state/cost_state.h"

#include <algorithm>
#include <utility>

namespace fm {
namespace {

bool isSameSubject(const MeasuredPlan& a, const MeasuredPlan& b) {
    return a.identity == b.identity && a.plan == b.plan && a.hybrid == b.hybrid;
}

}  // namespace

CostState::CostState(QObject* parent) : QObject(parent) {
    rest_.setSingleShot(true);
    rest_.setInterval(kRestMs);
    connect(&rest_, &QTimer::timeout, this, &CostState::rested);
}

bool CostState::measuring() const { return !measuring_key_.empty() && measuring_key_ == plan_.key(); }

void CostState::setShape(const std::optional<ModelShape>& shape) {
    if (shape == shape_) return;
    shape_ = shape;
    update();
}

void CostState::setContextTokens(std::int64_t tokens) {
    if (tokens == query_.context_tokens) return;
    query_.context_tokens = tokens;
    update();
}

void CostState::setMeasurements(Measurements measurements) {
    measurements.wanted_probe = measurements_.wanted_probe;
    measurements_ = std::move(measurements);
    takeTold();
    measurementsHaveChanged();
}

void CostState::forget() {
    told_.clear();
    told_designs_.clear();
    measuring_key_.clear();
    probe_text_.clear();
    measurements_ = {};
    measurementsHaveChanged();
}

// What the engine has told and no run file says yet stays in view while files are read again.
void CostState::takeTold() {
    if (measurements_.branches != told_branches_) told_.clear();
    told_branches_ = measurements_.branches;
    std::erase_if(told_, [this](const MeasuredPlan& told) {
        return std::any_of(measurements_.plans.begin(), measurements_.plans.end(), [&told](const MeasuredPlan& known) {
            return isSameSubject(known, told) && known.sequences() >= told.sequences();
        });
    });
    measurements_.plans.insert(measurements_.plans.end(), told_.begin(), told_.end());
    if (!told_.empty()) measurements_.designs.insert(told_designs_.begin(), told_designs_.end());
}

void CostState::addMeasured(const MeasuredPlan& measured, const ProbeDesign& design) {
    const auto was_part_of_it = [&measured](const MeasuredPlan& known) {
        return !known.scores && isSameSubject(known, measured) && known.sequences() <= measured.sequences();
    };
    std::erase_if(measurements_.plans, was_part_of_it);
    std::erase_if(told_, was_part_of_it);
    measurements_.plans.push_back(measured);
    told_.push_back(measured);
    told_designs_.try_emplace(measured.identity, design);
    measurements_.designs.try_emplace(measured.identity, design);
    measurementsHaveChanged();
}

void CostState::showProbe(const std::string& identity) {
    if (std::exchange(measurements_.wanted_probe, identity) == identity) return;
    probe_text_.clear();
    measurementsHaveChanged();
    rest_.start();  // what was measured on the other one may be missing on this one
}

void CostState::measurementsHaveChanged() {
    predictor_ = RecallPredictor(measurements_);
    Q_EMIT measurementsChanged();
    update();
}

void CostState::setPlan(const Plan& plan) {
    const bool other = plan.kinds != plan_.kinds;
    plan_ = plan;
    if (!other) return;
    probe_text_.clear();
    update();
    rest_.start();
}

void CostState::setMeasuring(const std::string& plan_key, bool measuring, const QString& text) {
    if (measuring) {
        measuring_key_ = plan_key;
    } else if (measuring_key_ == plan_key) {
        measuring_key_.clear();
    }
    if (plan_key == plan_.key()) probe_text_ = text;
    if (!measuring && !rest_.isActive()) rest_.start();  // the plan may have changed meanwhile
    Q_EMIT changed();
}

void CostState::setProbesAllowed(bool allowed) {
    if (std::exchange(probes_allowed_, allowed) == allowed) return;
    if (allowed && !isComplete() && !plan_.kinds.empty()) rest_.start();
}

void CostState::rested() {
    if (probes_allowed_ && !isComplete() && measuring_key_.empty() && probe_text_.isEmpty()) Q_EMIT probeWanted(plan_);
}

std::optional<CostState::LayerCost> CostState::layerCost() const {
    if (!shape_) return std::nullopt;
    const int num_layers = static_cast<int>(shape_->num_layers);
    const PlanCost full = planCost(*shape_, Plan::fromFullLayers(num_layers, {0}), query_);
    const PlanCost linear = planCost(*shape_, Plan::fromFullLayers(num_layers, {}), query_);
    return LayerCost{full.kv_bytes_per_token, linear.state_bytes - full.state_bytes};
}

void CostState::update() {
    cost_.reset();
    measured_.reset();
    if (shape_ && shape_->num_layers == static_cast<std::int64_t>(plan_.kinds.size()) && !plan_.kinds.empty()) {
        cost_ = planCost(*shape_, plan_, query_);
    }
    if (const MeasuredPlan* found = measurements_.find(plan_.key())) measured_ = *found;
    predicted_ = predictor_.predict(plan_);
    Q_EMIT changed();
}

}  // namespace fm
