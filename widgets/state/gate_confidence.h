// How sure the cut between kept and linear layers is: distance to the cut against how much the gates still move.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/plan.h"

namespace fm {

class RunData;

struct LayerConfidence {
    double distance = 0;  // of the layer's score to the cut, as gate value
    double spread = 0;    // standard deviation of its gate over the last steps
    bool pinned = false;
    // A layer is sure when its distance is at least two spreads; a pinned one always is.
    bool sure() const { return pinned || distance >= 2 * spread; }
    double level() const;  // 0 at the cut, 1 at two spreads or more: for the mark
};

struct CutConfidence {
    double cut = 0;     // midpoint between the last kept and the first left out (of the layers not pinned)
    double margin = 0;  // distance between these two scores; 0: a tie
    bool exists = false;
    std::vector<LayerConfidence> layers;
    int sureFullLayers(const Plan& plan) const;
};

// Spread over how many steps: the last fifth of the steps so far, at least 8, at most 200.
std::int64_t spreadWindow(std::int64_t steps);

// `score`: what ranks the layers. `spread`: per layer, same length or empty.
CutConfidence cutConfidence(const std::vector<double>& score, const std::vector<double>& spread, const Plan& plan);

// Standard deviation of gates/alpha per layer over the window that ends with `step`.
std::vector<double> gateSpread(const RunData& run, std::int64_t step);

}  // namespace fm
