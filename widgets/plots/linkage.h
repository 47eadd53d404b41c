// Order of things so that similar ones stand side by side.
#pragma once

#include <vector>

namespace fm {

// Leaf order of average-linkage clustering. `distance` is row-major, symmetric, n x n; NaN counts as the largest
// distance. Each merge turns its two sides so that the closer ends meet; ties go to the lower index, so that the
// order is the same on every machine.
std::vector<int> averageLinkageOrder(const std::vector<double>& distance, int n);

}  // namespace fm
