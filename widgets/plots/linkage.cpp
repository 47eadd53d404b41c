#include "widgets/plots/linkage.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace fm {

namespace {

struct Cluster {
    std::vector<int> leaves;
    bool alive = true;
};

class Matrix {
public:
    Matrix(const std::vector<double>& values, int n) : values_(values), n_(n) {
        double largest = 0;
        for (const double v : values_) largest = std::isnan(v) ? largest : std::max(largest, v);
        for (double& v : values_) v = std::isnan(v) ? largest : v;
    }
    double at(int i, int j) const { return values_[static_cast<std::size_t>(i) * n_ + j]; }
    void set(int i, int j, double value) {
        values_[static_cast<std::size_t>(i) * n_ + j] = value;
        values_[static_cast<std::size_t>(j) * n_ + i] = value;
    }

private:
    std::vector<double> values_;
    int n_;
};

// Appends `right` to `left`, either side reversed where that brings closer leaves together.
std::vector<int> joined(std::vector<int> left, std::vector<int> right, const Matrix& leaf_distance) {
    double best = std::numeric_limits<double>::infinity();
    bool turn_left = false, turn_right = false;
    for (const bool l : {false, true}) {
        for (const bool r : {false, true}) {
            const double gap = leaf_distance.at(l ? left.front() : left.back(), r ? right.back() : right.front());
            if (gap < best) {
                best = gap;
                turn_left = l;
                turn_right = r;
            }
        }
    }
    if (turn_left) std::reverse(left.begin(), left.end());
    if (turn_right) std::reverse(right.begin(), right.end());
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace

std::vector<int> averageLinkageOrder(const std::vector<double>& distance, int n) {
    const Matrix leaf_distance(distance, n);
    Matrix between = leaf_distance;
    std::vector<Cluster> clusters(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) clusters[i].leaves = {i};
    for (int merges = 0; merges + 1 < n; ++merges) {
        int a = -1, b = -1;
        for (int i = 0; i < n; ++i) {
            for (int j = i + 1; clusters[i].alive && j < n; ++j) {
                if (clusters[j].alive && (a < 0 || between.at(i, j) < between.at(a, b))) {
                    a = i;
                    b = j;
                }
            }
        }
        const auto size_a = static_cast<double>(clusters[a].leaves.size());
        const auto size_b = static_cast<double>(clusters[b].leaves.size());
        for (int k = 0; k < n; ++k) {
            if (!clusters[k].alive || k == a || k == b) continue;
            between.set(a, k, (size_a * between.at(a, k) + size_b * between.at(b, k)) / (size_a + size_b));
        }
        clusters[a].leaves = joined(clusters[a].leaves, clusters[b].leaves, leaf_distance);
        clusters[b].alive = false;
    }
    return n > 0 ? clusters[0].leaves : std::vector<int>{};
}

}  // namespace fm
