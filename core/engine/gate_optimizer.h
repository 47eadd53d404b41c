// AdamW on L gates with a hard clamp, the trapezoid learning rate, and the budget's multiplicative dual.
// Plain doubles: L is a few dozen, and bf16 would swallow the small steps of gates.
#pragma once

#include <cstdint>
#include <vector>

namespace fm {

// Multiplier 0.1 at step 0, 1 from 20 % to 80 %, back to 0.1 at the end, scaled so that it runs from floor to peak.
double trapezoidRate(std::int64_t step, std::int64_t steps, double peak, double floor);

class GateOptimizer {
public:
    explicit GateOptimizer(std::int64_t num_layers);

    // One AdamW step (0.9, 0.999, no decay), then clamp to [0, 1].
    void step(const std::vector<double>& grad_L, double lr);

    const std::vector<double>& alpha() const { return alpha_L_; }
    const std::vector<double>& averaged() const { return mean_L_; }  // over all steps so far
    double sum() const;
    std::int64_t stepsDone() const { return steps_; }

    // Everything resume needs: alpha, both moments, running mean; 4 L doubles.
    std::vector<double> save() const;
    void load(const std::vector<double>& state, std::int64_t steps);

private:
    std::vector<double> alpha_L_, first_L_, second_L_, mean_L_;
    std::int64_t steps_ = 0;
};

// lambda * exp(rate * clip((sum - K) / max(K, 1), -1, 1))
double dualUpdate(double lambda, double rate, double gate_sum, int budget);

// The lambda at which the separable optimum clamp(1 - lambda L / (2 e_l), 0, 1) sums to K; e_l is
// the mean squared error of branch l alone at the answer rows (resources/handbook/method.md, "Closed form").
double closedFormLambda(const std::vector<double>& local_error_L, int budget);
std::vector<double> closedFormGates(const std::vector<double>& local_error_L, double lambda);

}  // namespace fm
