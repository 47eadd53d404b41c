#include "widgets/state/recall_predictor.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fm {
namespace {

constexpr std::size_t kLeastProbes = 3;
constexpr std::size_t kMostErrorProbes = 200;  // leaving one out costs a fit each
constexpr double kSmallestKl = 1e-6;           // nat; below it a plan is the teacher
constexpr double kSlopePrior = 0.3;            // as if a probe or so had said that b is 1
constexpr double kSlopeLow = 0.25, kSlopeHigh = 2;

const double kLogTeacher = std::log(kSmallestKl);

double logOf(double kl) { return std::log(std::max(kl, kSmallestKl)); }
double expOf(double log_kl) { return log_kl <= kLogTeacher ? 0 : std::exp(log_kl); }

}  // namespace

RecallPredictor::RecallPredictor()
    : missing_("no prediction yet: nothing is measured; run Select with remove-one, or Interdependence") {}

RecallPredictor::RecallPredictor(const Measurements& measured) {
    if (!measured.effects.complete()) {
        missing_ = "no prediction yet: run Select with remove-one, or Interdependence, to measure every layer alone";
        return;
    }
    num_layers_ = static_cast<int>(measured.effects.single.size());
    single_ = measured.effects.single;
    extra_.assign(single_.size() * single_.size(), 0.0);
    for (const auto& [pair, extra] : measured.effects.extra) {
        if (!std::isnan(extra)) extra_[static_cast<std::size_t>(pair.first * num_layers_ + pair.second)] = extra;
    }
    std::vector<Probe> probes;
    for (const MeasuredPlan* plan : measured.distinct()) {
        const bool says = (plan->measured || plan->complete) && plan->answer_kl.known() && plan->exact_match.known();
        if (!says || static_cast<int>(plan->plan.size()) != num_layers_) continue;
        probes.push_back({logAdditive(plan->plan), logOf(plan->answer_kl.value), plan->exact_match.value});
    }
    if (probes.size() < kLeastProbes) {
        missing_ =
            "no prediction yet: " + std::to_string(kLeastProbes - probes.size()) + " more probed plans are needed";
        return;
    }
    std::sort(probes.begin(), probes.end(), [](const Probe& a, const Probe& b) { return a.log_kl < b.log_kl; });
    fit_ = fitted(probes);
    measureErrors(probes);
}

double RecallPredictor::logAdditive(const std::string& plan_key) const {
    double sum = 0;
    for (int i = 0; i < num_layers_; ++i) {
        if (plan_key[static_cast<std::size_t>(i)] == 'F') continue;
        sum += single_[static_cast<std::size_t>(i)];
        for (int j = i + 1; j < num_layers_; ++j) {
            if (plan_key[static_cast<std::size_t>(j)] != 'F')
                sum += extra_[static_cast<std::size_t>(i * num_layers_ + j)];
        }
    }
    return logOf(sum);
}

double RecallPredictor::Fit::logKl(double log_additive) const {
    return log_additive <= kLogTeacher ? log_additive : offset + slope * log_additive;
}

double RecallPredictor::Probe::kl() const { return expOf(log_kl); }

double RecallPredictor::Fit::recall(double kl) const {
    const auto after = std::find_if(curve.begin(), curve.end(), [kl](const Knot& knot) { return knot.kl >= kl; });
    if (after == curve.begin()) return curve.front().recall;
    if (after == curve.end()) return curve.back().recall;
    const Knot &left = *std::prev(after), &right = *after;
    return left.recall + (kl - left.kl) / (right.kl - left.kl) * (right.recall - left.recall);
}

RecallPredictor::Fit RecallPredictor::fitted(const std::vector<Probe>& probes) {
    Fit fit;
    double n = 0, mean_x = 0, mean_y = 0;
    for (const Probe& p : probes) {
        if (p.log_additive <= kLogTeacher || p.log_kl <= kLogTeacher) continue;
        n += 1;
        mean_x += p.log_additive;
        mean_y += p.log_kl;
    }
    if (n > 0) {
        mean_x /= n;
        mean_y /= n;
        double xx = kSlopePrior, xy = kSlopePrior;  // the prior pulls towards slope 1
        for (const Probe& p : probes) {
            if (p.log_additive <= kLogTeacher || p.log_kl <= kLogTeacher) continue;
            xx += (p.log_additive - mean_x) * (p.log_additive - mean_x);
            xy += (p.log_additive - mean_x) * (p.log_kl - mean_y);
        }
        fit.slope = std::clamp(xy / xx, kSlopeLow, kSlopeHigh);
        fit.offset = mean_y - fit.slope * mean_x;
    }
    // Pool adjacent violators: neighbours that would rise are averaged until recall falls with KL.
    struct Pool {
        double kl = 0, recall = 0, weight = 0;
    };
    std::vector<Pool> pools;
    for (const Probe& p : probes) {
        Pool pool{p.kl(), p.recall, 1};
        while (!pools.empty() && (pools.back().recall < pool.recall || pools.back().kl == pool.kl)) {
            const Pool last = pools.back();
            pools.pop_back();
            const double weight = last.weight + pool.weight;
            pool = {(last.kl * last.weight + pool.kl * pool.weight) / weight,
                    (last.recall * last.weight + pool.recall * pool.weight) / weight, weight};
        }
        pools.push_back(pool);
    }
    for (const Pool& pool : pools) fit.curve.push_back({pool.kl, pool.recall});
    return fit;
}

void RecallPredictor::measureErrors(const std::vector<Probe>& probes) {
    double squares_kl = 0, squares_recall = 0, n = 0, n_kl = 0;
    const std::size_t stride = 1 + probes.size() / kMostErrorProbes;
    for (std::size_t left_out = 0; left_out < probes.size(); left_out += stride) {
        std::vector<Probe> rest = probes;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
        const Fit fit = fitted(rest);
        const double log_kl = fit.logKl(probes[left_out].log_additive);
        const double recall_error = fit.recall(expOf(log_kl)) - probes[left_out].recall;
        squares_recall += recall_error * recall_error;
        n += 1;
        if (probes[left_out].log_kl <= kLogTeacher) continue;
        squares_kl += (log_kl - probes[left_out].log_kl) * (log_kl - probes[left_out].log_kl);
        n_kl += 1;
    }
    recall_error_ = std::sqrt(squares_recall / n);
    kl_factor_ = n_kl > 0 ? std::exp(std::sqrt(squares_kl / n_kl)) : 1;
}

std::optional<Prediction> RecallPredictor::predict(const Plan& plan) const {
    if (!ready() || static_cast<int>(plan.kinds.size()) != num_layers_) return std::nullopt;
    const double log_kl = fit_.logKl(logAdditive(plan.key()));
    const double kl = expOf(log_kl);
    return Prediction{kl, kl_factor_, std::clamp(fit_.recall(kl), 0.0, 1.0), recall_error_};
}

}  // namespace fm
