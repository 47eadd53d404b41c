// From gate values to a plan: top-K with deterministic ties and pins as constraints.
#pragma once

#include <vector>

#include "core/plan/plan.h"

namespace fm {

// What ranks the layers. Ties of `score` are broken by `second`, then by `third`, then by the lower index
// (gates clamped at 0 and 1 tie exactly). Empty vectors count as all equal.
struct LayerRanking {
    std::vector<double> score;   // time-averaged gate (default mode) or final gate (paper mode)
    std::vector<double> second;  // the other of the two
    std::vector<double> third;   // local error
};

// Layers from first kept to last kept.
std::vector<int> rankedLayers(const LayerRanking& ranking);

// The K best layers stay full; pinned layers first. Throws InputError when K is outside [0, L], a pin names no layer
// or is given twice, or the pins leave no plan with K full layers.
Plan discretise(const LayerRanking& ranking, int budget, const std::vector<Pin>& pins = {});

// The two evenly spaced conventions: a keeps 0, floor(L/K), 2 floor(L/K), ...; b keeps the last layer of each of
// K blocks. Pins are not applied.
Plan uniformA(int num_layers, int budget);
Plan uniformB(int num_layers, int budget);

}  // namespace fm
