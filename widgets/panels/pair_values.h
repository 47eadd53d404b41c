// What an interact run has measured, as plain numbers: singles, pairs, curvature; NaN where nothing is measured yet.
#pragma once

#include <QString>
#include <string>
#include <vector>

namespace fm {

class RunData;

struct PairValues {
    int num_layers = 0;
    std::vector<double> single;     // answer KL with that layer alone linear, nat
    std::vector<double> extra;      // row-major, symmetric: what both cost beyond the sum of each alone
    std::vector<double> both;       // row-major, symmetric: answer KL with both linear
    std::vector<double> curvature;  // row-major: d2 KL / d gate_i d gate_j
    std::string curvature_plan;     // key of the plan it was taken at
    int num_pairs = 0;              // measured so far
    bool hasCurvature() const { return !curvature_plan.empty(); }
    double at(const std::vector<double>& matrix, int first, int second) const;  // NaN outside
};

// Empty when the run is no interact run. Rows that name layers outside the model are left out.
PairValues pairValues(const RunData& run);

// What linearising `other` does to the value of `layer`: the loss of linearising `layer` while `other` is still full,
// and once it is linear. NaN where not measured.
struct ValueChange {
    double with_full = 0, with_linear = 0;
};
ValueChange valueChange(const PairValues& values, int layer, int other);

}  // namespace fm
