// What the present plan costs and does: arithmetic (cost), prediction and measurement, kept apart.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/model_shape.h"
#include "core/plan/plan_cost.h"
#include "widgets/state/measured_plans.h"
#include "widgets/state/recall_predictor.h"

namespace fm {

// A prediction is never handed out as a measurement: they are different members. Thread: the window's.
class CostState : public QObject {
    Q_OBJECT
public:
    static constexpr int kRestMs = 400;  // a plan that has not changed for so long is worth a probe

    explicit CostState(QObject* parent = nullptr);

    const std::optional<ModelShape>& shape() const { return shape_; }
    const CostQuery& query() const { return query_; }
    const Plan& plan() const { return plan_; }
    const std::optional<PlanCost>& cost() const { return cost_; }  // none until the model's shape is known
    const std::optional<Prediction>& predicted() const { return predicted_; }
    const std::optional<MeasuredPlan>& measured() const { return measured_; }  // also a part of it
    bool isComplete() const { return measured_ && measured_->complete; }
    bool measuring() const;  // a probe of the present plan is under way
    const Measurements& measurements() const { return measurements_; }
    const RecallPredictor& predictor() const { return predictor_; }

    void setShape(const std::optional<ModelShape>& shape);
    void setContextTokens(std::int64_t tokens);
    void setMeasurements(Measurements measurements);  // of the whole study
    void forget();                                    // another study: nothing is measured, asked for or chosen
    // A probe that came back, or a part of one.
    void addMeasured(const MeasuredPlan& measured, const ProbeDesign& design = {});
    void showProbe(const std::string& identity);  // figures and predictions are of this one
    void setPlan(const Plan& plan);               // recomputes; after a rest asks for a probe
    // The probe that probeWanted() asked for: `text` says why it failed, empty while it runs or when it is done.
    void setMeasuring(const std::string& plan_key, bool measuring, const QString& text = {});
    const QString& probeText() const { return probe_text_; }
    void setProbesAllowed(bool allowed);  // an engine is there, and no drag is under way

    // Cost of one layer as full and as linear attention, for its tooltip. Nothing without a shape.
    struct LayerCost {
        std::int64_t kv_bytes_per_token = 0, state_bytes = 0;
    };
    std::optional<LayerCost> layerCost() const;

Q_SIGNALS:
    void changed();
    void measurementsChanged();
    void probeWanted(const fm::Plan& plan);  // the plan has rested and is not measured, or not to the end

private:
    void update();
    void rested();
    void takeTold();
    void measurementsHaveChanged();

    std::optional<ModelShape> shape_;
    CostQuery query_;
    Plan plan_;
    std::optional<PlanCost> cost_;
    std::optional<Prediction> predicted_;
    std::optional<MeasuredPlan> measured_;
    Measurements measurements_;
    std::vector<MeasuredPlan> told_;  // by the engine; until the study's files have as much
    std::map<std::string, ProbeDesign> told_designs_;
    std::string told_branches_;
    RecallPredictor predictor_;
    std::string measuring_key_;
    QString probe_text_;
    bool probes_allowed_ = false;
    QTimer rest_;
};

}  // namespace fm
