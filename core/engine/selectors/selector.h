// A rule that chooses which layers keep full attention, as a value: name, what it does, how it chooses.
#pragma once

#include <string>
#include <vector>

#include "core/engine/selectors/chooser.h"
#include "core/plan/plan.h"

namespace fm {

struct ChosenLayers {
    Plan plan;
    std::vector<double> value_L;  // larger = keep; empty where the rule gives no value per layer
};

struct Selector {
    const char* name;  // at most kSelectorNameBytes
    const char* help;
    ChosenLayers (*choose)(Chooser& chooser, int budget);
};

inline constexpr int kSelectorNameBytes = 16;  // width of the columns that hold names

// The one table, in the order in which rules are listed.
const std::vector<Selector>& selectors();
const Selector* findSelector(const std::string& name);  // nullptr when there is none

// One file each.
ChosenLayers chooseUniformA(Chooser& chooser, int budget);      // uniform.cpp
ChosenLayers chooseUniformB(Chooser& chooser, int budget);      // uniform.cpp
ChosenLayers chooseLocalError(Chooser& chooser, int budget);    // local_error.cpp
ChosenLayers chooseRemoveOne(Chooser& chooser, int budget);     // single_layer.cpp
ChosenLayers chooseRestoreOne(Chooser& chooser, int budget);    // single_layer.cpp
ChosenLayers chooseGreedyRemove(Chooser& chooser, int budget);  // greedy.cpp
ChosenLayers chooseGreedyAdd(Chooser& chooser, int budget);     // greedy.cpp
ChosenLayers chooseExhaustive(Chooser& chooser, int budget);    // exhaustive.cpp
ChosenLayers chooseRandom(Chooser& chooser, int budget);        // random.cpp

}  // namespace fm
