#include "core/plan/intervals.h"
#include "core/base/assert.h"

#include <algorithm>
#include <cmath>

namespace fm {
namespace {

constexpr double kTail = 0.025;
// Pseudo-observations at each end of the range, over all strata. Jeffreys has 1/2; with 3/4 the rates of tasks that a
// plan nearly always or nearly never answers are covered too (test_intervals prints both).
constexpr double kPseudo = 0.75;
// A stratum with fewer sequences says too little about its own spread; all strata then share one.
constexpr std::size_t kSmallestStratum = 8;

struct Moments {
    double mean = 0, variance = 0;  // of the estimate
    double freedom = 1;             // Welch-Satterthwaite
    std::int64_t n = 0;
};

double meanOf(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double squaresAround(const std::vector<double>& values, double mean) {
    double sum = 0;
    for (const double value : values) sum += (value - mean) * (value - mean);
    return sum;
}

Strata filled(const Strata& strata) {
    Strata kept;
    for (const std::vector<double>& stratum : strata) {
        if (!stratum.empty()) kept.push_back(stratum);
    }
    return kept;
}

double meanOfMeans(const Strata& strata) {
    double sum = 0;
    for (const std::vector<double>& stratum : strata) sum += meanOf(stratum);
    return sum / static_cast<double>(strata.size());
}

// What the spread is computed from: the strata, or all values as one where some stratum is too small.
Strata spreadGroups(const Strata& strata) {
    const bool small = std::any_of(strata.begin(), strata.end(),
                                   [](const std::vector<double>& s) { return s.size() < kSmallestStratum; });
    if (!small) return strata;
    std::vector<double> all;
    for (const std::vector<double>& stratum : strata) all.insert(all.end(), stratum.begin(), stratum.end());
    return {all};
}

Moments momentsOf(const Strata& strata) {
    Moments m;
    if (strata.empty()) return m;
    m.mean = meanOfMeans(strata);
    const Strata groups = spreadGroups(strata);
    const double share = 1 / static_cast<double>(groups.size());
    double fourth = 0;
    for (const std::vector<double>& group : groups) {
        const double n = static_cast<double>(group.size());
        m.n += static_cast<std::int64_t>(group.size());
        if (n < 2) continue;
        const double part = share * share * squaresAround(group, meanOf(group)) / (n - 1) / n;
        m.variance += part;
        fourth += part * part / (n - 1);
    }
    m.freedom = fourth > 0 ? m.variance * m.variance / fourth : std::max<double>(1, static_cast<double>(m.n - 1));
    return m;
}

Strata differencesOf(const Strata& a, const Strata& b) {
    FM_ASSERT(a.size() == b.size(), "both plans are measured on the same strata");
    Strata differences(a.size());
    for (std::size_t s = 0; s < a.size(); ++s) {
        FM_ASSERT(a[s].size() == b[s].size(), "both plans are measured on the same sequences");
        for (std::size_t i = 0; i < a[s].size(); ++i) differences[s].push_back(a[s][i] - b[s][i]);
    }
    return differences;
}

// Continued fraction of the incomplete beta function (Lentz's method); converges for x < (a + 1) / (a + b + 2).
double betaFraction(double x, double a, double b) {
    constexpr double kTiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    double h = d;
    for (int m = 1; m < 500; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double last = 1;
        for (const double term : {even, odd}) {
            d = 1 + term * d;
            d = 1 / (std::abs(d) < kTiny ? kTiny : d);
            c = 1 + term / c;
            if (std::abs(c) < kTiny) c = kTiny;
            last = c * d;
            h *= last;
        }
        if (std::abs(last - 1) < 1e-14) break;
    }
    return h;
}

// Regularised incomplete beta function I_x(a, b).
double betaCdf(double x, double a, double b) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front =
        std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * betaFraction(x, a, b) / a;
    return 1 - front * betaFraction(1 - x, b, a) / b;
}

}  // namespace

double betaQuantile(double p, double a, double b) {
    double low = 0, high = 1;
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2;
        (betaCdf(middle, a, b) < p ? low : high) = middle;
    }
    return (low + high) / 2;
}

// P(T > t) = I_x(df / 2, 1 / 2) / 2 with x = df / (df + t^2).
double studentQuantile(double p, double df) {
    if (p == 0.5) return 0;
    const double tail = std::min(p, 1 - p);
    const double x = betaQuantile(2 * tail, df / 2, 0.5);
    const double t = std::sqrt(df * (1 - x) / std::max(x, 1e-300));
    return p < 0.5 ? -t : t;
}

Estimate boundedMean(const Strata& given, double lowest, double highest) {
    FM_ASSERT(highest > lowest, "the range of a mean is not empty");
    const Strata strata = filled(given);
    Estimate estimate;
    if (strata.empty()) return estimate;
    estimate.value = meanOfMeans(strata);
    const Strata groups = spreadGroups(strata);
    const double range = highest - lowest, num_groups = static_cast<double>(groups.size());
    const double pseudo = kPseudo / num_groups;  // at each end of each group
    double mean = 0, variance = 0;               // of the estimate on the range [0, 1], pseudo-observations included
    for (const std::vector<double>& group : groups) {
        const double count = static_cast<double>(group.size()) + 2 * pseudo;
        double sum = pseudo, squares = pseudo;
        for (const double value : group) {
            const double x = std::clamp((value - lowest) / range, 0.0, 1.0);
            sum += x, squares += x * x;
        }
        const double group_mean = sum / count;
        mean += group_mean / num_groups;
        variance += (squares / count - group_mean * group_mean) / std::max(count - 2 * pseudo - 1, 1.0) /
                    (num_groups * num_groups);
        estimate.n += static_cast<std::int64_t>(group.size());
    }
    // Beta(a, b) with this mean and variance: a + b = mean (1 - mean) / variance - 1.
    const double weight = mean * (1 - mean) / variance - 1;
    if (weight > 0) {
        estimate.low = lowest + range * betaQuantile(kTail, mean * weight, (1 - mean) * weight);
        estimate.high = lowest + range * betaQuantile(1 - kTail, mean * weight, (1 - mean) * weight);
    } else {
        estimate.low = lowest, estimate.high = highest;
    }
    estimate.low = std::min(estimate.low, estimate.value);
    estimate.high = std::max(estimate.high, estimate.value);
    return estimate;
}

Estimate openMean(const Strata& given) {
    const Moments m = momentsOf(filled(given));
    if (m.n == 0) return {};
    const double half = m.n < 2 ? std::abs(m.mean) : studentQuantile(1 - kTail, m.freedom) * std::sqrt(m.variance);
    return {m.mean, m.mean - half, m.mean + half, m.n};
}

Estimate pairedDifference(const Strata& a, const Strata& b, double range) {
    return boundedMean(differencesOf(a, b), -range, range);
}

Estimate summedDifference(const Strata& first, const Strata& second, double weight) {
    const Moments a = momentsOf(filled(first)), b = momentsOf(filled(second));
    if (a.n == 0) return {};
    const double value = a.mean + weight * b.mean;
    const double part_a = a.variance, part_b = weight * weight * b.variance, variance = part_a + part_b;
    const double fourth = part_a * part_a / a.freedom + part_b * part_b / b.freedom;
    const double freedom = fourth > 0 ? variance * variance / fourth : a.freedom;
    const double half = studentQuantile(1 - kTail, freedom) * std::sqrt(variance);
    return {value, value - half, value + half, a.n + b.n};
}

Estimate medianInterval(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    // The largest rank whose binomial(n, 1/2) tail stays within 2.5 %.
    std::size_t rank = 0;
    double tail = 0;
    for (std::size_t i = 0; i < n / 2; ++i) {
        const double k = static_cast<double>(i), total = static_cast<double>(n);
        tail +=
            std::exp(std::lgamma(total + 1) - std::lgamma(k + 1) - std::lgamma(total - k + 1) - total * std::log(2));
        if (tail > kTail) break;
        rank = i + 1;
    }
    const std::size_t low = rank > 0 ? rank - 1 : 0;
    const double middle = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
    return {middle, values[low], values[n - 1 - low], static_cast<std::int64_t>(n)};
}

}  // namespace fm
