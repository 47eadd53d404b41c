#include "core/data/scoring.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fm {
namespace {

constexpr double kNormal95 = 1.959963984540054;  // 97.5 % quantile of the standard normal distribution

std::string lowered(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::string cleanedPrediction(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20) c = '\n';
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string::npos) return {};
    return lowered(text.substr(begin, text.find_last_not_of(" \n") - begin + 1));
}

std::size_t countContained(const std::string& prediction, const std::vector<std::string>& references) {
    const std::string text = cleanedPrediction(prediction);
    return static_cast<std::size_t>(std::count_if(
        references.begin(), references.end(),
        [&](const std::string& reference) { return text.find(lowered(reference)) != std::string::npos; }));
}

}  // namespace

double stringMatchAll(const std::string& prediction, const std::vector<std::string>& references) {
    if (references.empty()) return 0;
    return static_cast<double>(countContained(prediction, references)) / static_cast<double>(references.size());
}

double stringMatchPart(const std::string& prediction, const std::vector<std::string>& references) {
    return countContained(prediction, references) > 0 ? 1 : 0;
}

Interval wilsonInterval(std::int64_t successes, std::int64_t trials) {
    if (trials <= 0) return {};
    const double n = static_cast<double>(trials), p = static_cast<double>(successes) / n, z2 = kNormal95 * kNormal95;
    const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Interval meanInterval(const std::vector<double>& scores) {
    if (scores.size() < 2) return {};
    const double n = static_cast<double>(scores.size());
    const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / n;
    double squares = 0;
    for (double score : scores) squares += (score - mean) * (score - mean);
    const double half = kNormal95 * std::sqrt(squares / (n - 1) / n);
    return {std::max(0.0, mean - half), std::min(1.0, mean + half)};
}

}  // namespace fm
