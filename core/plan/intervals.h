// 95 % intervals of everything that is measured on held-out sequences: one module for engine, command line and window.
//
// The unit is a sequence: answers of one sequence share its context, so they enter as one value (the share that is
// right, the mean KL). Sequences come in strata (one for each task and length of a probe's fixed design); the estimate
// is the mean of the stratum means, so that no task outweighs another. No interval has the width zero: what was never
// seen may still happen.
#pragma once

#include <cstdint>
#include <vector>

namespace fm {

struct Estimate {
    double value = 0;
    double low = 0, high = 0;  // 95 %; contains value
    std::int64_t n = 0;        // sequences behind it; 0: not measured, the other members mean nothing

    bool known() const { return n > 0; }
    bool excludesZero() const { return known() && (low > 0 || high < 0); }
};

// One inner vector for each stratum: one value for each sequence. Empty strata do not count.
using Strata = std::vector<std::vector<double>>;

// Mean of the stratum means of values that cannot leave [lowest, highest]: shares in [0, 1], answer KL in [0, the KL of
// a model that does not know the answer]. Jeffreys' interval of a rate, carried over to means: each side of the range
// gets a share of a pseudo-observation, and a Beta distribution with the mean and variance that follow gives the ends.
// For independent yes/no values in one stratum that is nearly the Jeffreys interval. Unlike a normal interval this one
// covers near both ends of the range (tests/run/test_intervals.cpp: simulated probes).
Estimate boundedMean(const Strata& strata, double lowest, double highest);

// The same for values without a natural upper end (text KL, NLL): Student's t with the Welch-Satterthwaite degrees of
// freedom. One sequence alone: from 0 to twice its value, at least.
Estimate openMean(const Strata& strata);

// Mean of a[i] - b[i] over the same sequences, values in [-range, range]. Strata of `a` and `b` have the same sizes.
Estimate pairedDifference(const Strata& a, const Strata& b, double range);

// Mean difference of a + weight * b, where `first` and `second` hold differences of different sequences (answers,
// text).
Estimate summedDifference(const Strata& first, const Strata& second, double weight);

// The median and the order statistics that cover it with 95 % (binomial, outwards); the extremes below six values.
Estimate medianInterval(std::vector<double> values);

// Quantiles for the above, and for tests of the above. a, b, df > 0; p in (0, 1).
double betaQuantile(double p, double a, double b);
double studentQuantile(double p, double df);

}  // namespace fm
