#include "core/engine/gate_optimizer.h"
#include "core/base/assert.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fm {

double trapezoidRate(std::int64_t step, std::int64_t steps, double peak, double floor) {
    const double fifth = std::max(1.0, static_cast<double>(steps) / 5);
    const double lowest = peak > 0 ? floor / peak : 1;
    const double rising = static_cast<double>(step + 1) / fifth;
    const double falling = static_cast<double>(steps - step) / fifth;
    return peak * std::min({1.0, std::max(rising, lowest), std::max(falling, lowest)});
}

GateOptimizer::GateOptimizer(std::int64_t num_layers)
    : alpha_L_(num_layers, 1.0), first_L_(num_layers, 0.0), second_L_(num_layers, 0.0), mean_L_(num_layers, 0.0) {}

void GateOptimizer::step(const std::vector<double>& grad_L, double lr) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
    FM_ASSERT(grad_L.size() == alpha_L_.size(), "there is one gradient a gate");
    ++steps_;
    const double correction1 = 1 - std::pow(kBeta1, static_cast<double>(steps_));
    const double correction2 = 1 - std::pow(kBeta2, static_cast<double>(steps_));
    for (std::size_t l = 0; l < alpha_L_.size(); ++l) {
        first_L_[l] = kBeta1 * first_L_[l] + (1 - kBeta1) * grad_L[l];
        second_L_[l] = kBeta2 * second_L_[l] + (1 - kBeta2) * grad_L[l] * grad_L[l];
        const double direction = (first_L_[l] / correction1) / (std::sqrt(second_L_[l] / correction2) + kEpsilon);
        alpha_L_[l] = std::clamp(alpha_L_[l] - lr * direction, 0.0, 1.0);
        mean_L_[l] += (alpha_L_[l] - mean_L_[l]) / static_cast<double>(steps_);
    }
}

double GateOptimizer::sum() const { return std::accumulate(alpha_L_.begin(), alpha_L_.end(), 0.0); }

std::vector<double> GateOptimizer::save() const {
    std::vector<double> state;
    for (const std::vector<double>* part : {&alpha_L_, &first_L_, &second_L_, &mean_L_}) {
        state.insert(state.end(), part->begin(), part->end());
    }
    return state;
}

void GateOptimizer::load(const std::vector<double>& state, std::int64_t steps) {
    const std::size_t num_layers = alpha_L_.size();
    FM_ASSERT(state.size() == 4 * num_layers, "a saved state holds four values a gate");
    std::size_t offset = 0;
    for (std::vector<double>* part : {&alpha_L_, &first_L_, &second_L_, &mean_L_}) {
        std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(offset), num_layers, part->begin());
        offset += num_layers;
    }
    steps_ = steps;
}

double dualUpdate(double lambda, double rate, double gate_sum, int budget) {
    const double excess = (gate_sum - budget) / std::max(budget, 1);
    return lambda * std::exp(rate * std::clamp(excess, -1.0, 1.0));
}

std::vector<double> closedFormGates(const std::vector<double>& local_error_L, double lambda) {
    const double num_layers = static_cast<double>(local_error_L.size());
    std::vector<double> alpha_L;
    for (const double error : local_error_L) {
        alpha_L.push_back(error > 0 ? std::clamp(1 - lambda * num_layers / (2 * error), 0.0, 1.0) : 0.0);
    }
    return alpha_L;
}

double closedFormLambda(const std::vector<double>& local_error_L, int budget) {
    const auto sumAt = [&](double lambda) {
        const std::vector<double> alpha_L = closedFormGates(local_error_L, lambda);
        return std::accumulate(alpha_L.begin(), alpha_L.end(), 0.0);
    };
    double low = 0, high = 1e-12;
    while (sumAt(high) > budget && high < 1e30) high *= 4;
    for (int i = 0; i < 200; ++i) {
        const double middle = (low + high) / 2;
        (sumAt(middle) > budget ? low : high) = middle;
    }
    return high;
}

}  // namespace fm
