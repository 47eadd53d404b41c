// Predicts answer KL and recall of a plan that nobody has measured, from the plans that somebody has.
//
//   additive(plan) = sum over linear layers of single_i + sum over linear pairs of extra_ij     (pairs never measured:
//   0) KL(plan)       = exp(a + b log additive(plan)), a and b fitted to the probes of the study (b in [0.25, 2])
//   recall(plan)   = m(KL(plan)), m the decreasing step-free fit (isotonic, linear in between) of recall over KL
//
// Singles come from the pair map (interact) or from remove-one. Without them, or with fewer than three probed plans,
// there is no prediction. The typical error is what leaving each probe out in turn costs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/run/plan.h"
#include "widgets/state/measured_plans.h"

namespace fm {

struct Prediction {
    double answer_kl = 0;     // nat
    double exact_match = 0;   // recall, in [0, 1]
    double recall_error = 0;  // typical (root mean square) error of the recall, leaving one probe out
};

// A value: cheap to ask (microseconds at 96 layers), rebuilt when something new is measured.
class RecallPredictor {
public:
    RecallPredictor() = default;
    explicit RecallPredictor(const Measurements& measured);

    bool ready() const { return missing_.empty(); }
    const std::string& missing() const { return missing_; }  // what would make a prediction possible; empty when ready
    std::optional<Prediction> predict(const Plan& plan) const;

private:
    struct Point {
        double kl = 0, recall = 0, weight = 1;
    };
    double additive(const std::string& plan_key) const;
    void fit(const std::vector<MeasuredPlan>& probes);
    void fitRecall(std::vector<Point> points);
    double klOf(double additive) const;
    double recallOf(double kl) const;
    double leaveOneOutError(const std::vector<MeasuredPlan>& probes) const;

    LayerEffects effects_;
    double offset_ = 0, slope_ = 1;  // a, b
    std::vector<Point> curve_;       // recall over KL: KL ascending, recall not
    double recall_error_ = 0;
    std::string missing_ =
        "nothing is measured yet: run Select with remove-one, or Interdependence, and probe three plans";
};

}  // namespace fm
