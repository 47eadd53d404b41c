#include "widgets/state/cost_state.h"

#include <utility>

namespace fm {

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
    measurements_ = std::move(measurements);
    predictor_ = RecallPredictor(measurements_);
    Q_EMIT measurementsChanged();
    update();
}

void CostState::addMeasured(const MeasuredPlan& measured) {
    measurements_.plans.push_back(measured);
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
    if (!measuring) rest_.start();  // the plan may have changed meanwhile
    Q_EMIT changed();
}

void CostState::setProbesAllowed(bool allowed) {
    if (std::exchange(probes_allowed_, allowed) == allowed) return;
    if (allowed && !measured_ && !plan_.kinds.empty()) rest_.start();
}

void CostState::rested() {
    if (probes_allowed_ && !measured_ && measuring_key_.empty() && probe_text_.isEmpty()) Q_EMIT probeWanted(plan_);
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
