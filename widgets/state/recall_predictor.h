// Predicts answer KL and recall of a plan that nobody has measured, from the plans that somebody has.
//
//   additive(plan) = sum over linear layers of single_i + sum over linear pairs of extra_ij    (pairs not measured: 0)
//   KL(plan)       = exp(a + b log additive(plan)): a and b by least squares on the probes of the study, b held near 1
//   recall(plan)   = m(KL(plan)): m the best non-increasing fit (isotonic, linear in between) of recall over KL
//
// All probed plans come from one probe, the one that the window shows: figures of two probes are not on one scale.
// Singles come from the pair map (interact), else from a selection by remove-one. Without them, or with fewer than
// three probed plans, there is no prediction. Errors are root mean squares over the probes, each left out in turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "widgets/state/measured_plans.h"

namespace fm {

struct Prediction {
    double answer_kl = 0;          // nat
    double answer_kl_factor = 1;   // typically wrong by this factor
    double exact_match = 0;        // recall, in [0, 1]
    double exact_match_error = 0;  // typically wrong by this much
};

// A value: cheap to ask (microseconds at 96 layers), rebuilt when something new is measured.
class RecallPredictor {
public:
    RecallPredictor();
    explicit RecallPredictor(const Measurements& measured);

    bool ready() const { return missing_.empty(); }
    const std::string& missing() const { return missing_; }  // what would make a prediction possible; empty when ready
    std::optional<Prediction> predict(const Plan& plan) const;

private:
    struct Probe {
        double log_additive = 0, log_kl = 0;  // -inf for the teacher's own plan
        double recall = 0;
        double kl() const;
    };
    struct Knot {
        double kl = 0, recall = 0;
    };
    struct Fit {
        double offset = 0, slope = 1;  // a, b
        std::vector<Knot> curve;       // KL ascending, recall not
        double logKl(double log_additive) const;
        double recall(double kl) const;
    };
    static Fit fitted(const std::vector<Probe>& probes);  // in order of KL
    double logAdditive(const std::string& plan_key) const;
    void measureErrors(const std::vector<Probe>& probes);

    int num_layers_ = 0;
    std::vector<double> single_;
    std::vector<double> extra_;  // num_layers x num_layers, upper half
    Fit fit_;
    double kl_factor_ = 1, recall_error_ = 0;
    std::string missing_;
};

}  // namespace fm
