// Scores of generated answers and their intervals. evaluation.md 5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fm {

// The fraction of the references that the prediction contains, ASCII case ignored; control characters 0x00-0x1f of the
// prediction count as newlines and it is stripped first. In [0, 1]; RULER prints it times 100. 0 without references.
double stringMatchAll(const std::string& prediction, const std::vector<std::string>& references);

// RULER's string_match_part: 1 when any reference is contained, else 0. (lm-eval gives the fraction instead.)
double stringMatchPart(const std::string& prediction, const std::vector<std::string>& references);

struct Interval {
    double low = 0, high = 1;
};

// 95 % Wilson interval of a proportion, `successes` of `trials`; [0, 1] without trials.
Interval wilsonInterval(std::int64_t successes, std::int64_t trials);

// 95 % interval of a mean score in [0, 1] with fractional samples (normal approximation, clipped to [0, 1]);
// [0, 1] with fewer than two scores.
Interval meanInterval(const std::vector<double>& scores);

}  // namespace fm
