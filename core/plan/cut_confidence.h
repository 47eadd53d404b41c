// How sure the cut between kept and linear layers is: distance to the cut against how much the gates still move.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/plan.h"

namespace fm {

// Scores that stand closer than this are a tie: gates are shown with three digits, and clamped ones meet exactly.
inline constexpr double kSmallestMargin = 1e-3;

struct LayerConfidence {
    double distance = 0;  // of the layer's score to the cut, as gate value
    double spread = 0;    // standard deviation of its gate over the last steps
    bool pinned = false;
    // A layer is sure when it stands more than two spreads from the cut, and is no tie; a pinned one always is.
    bool sure() const;
    double level() const;  // 0 at the cut, 1 when sure: for the mark
};

struct CutConfidence {
    double cut = 0;     // midpoint between the last kept and the first left out (of the layers not pinned)
    double margin = 0;  // distance between these two scores; 0: a tie
    double noise = 0;   // the larger spread of these two layers
    bool exists = false;
    std::vector<LayerConfidence> layers;
    int sureFullLayers(const Plan& plan) const;
    // The two are equal as far as gates can be told apart: which one is kept says nothing.
    bool tied() const { return exists && margin <= kSmallestMargin; }
    // The order at the cut is noise: a tie, or a margin within what the gates still move.
    bool undecided() const { return tied() || (exists && margin <= noise); }
};

// Spread over how many steps: the last fifth of the steps so far, at least 8, at most 200.
std::int64_t spreadWindow(std::int64_t steps);

// `score`: what ranks the layers. `spread`: per layer, same length or empty.
CutConfidence cutConfidence(const std::vector<double>& score, const std::vector<double>& spread, const Plan& plan);

// Standard deviation per layer over the given rows of gates, each L long.
std::vector<double> spreadOfRows(const std::vector<std::vector<double>>& alpha_NL);

}  // namespace fm
