// Layers the user forced, as the words of a spec or command line, and how they add up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/plan/plan.h"

namespace fm {

bool parseLayer(std::string_view text, int& layer);  // a whole decimal number

// "0=full" -> {0, Full}. Problems go under "pins".
std::vector<Pin> parsePins(const std::vector<std::string>& texts, std::vector<Problem>& problems);

// The pins that a gate run was given, out of its spec; what is no pin is left out, since the run file may come from
// anywhere.
std::vector<Pin> pinsOfSpec(const std::string& spec_json);

// `added`, and those of `own` about other layers.
std::vector<Pin> overriddenPins(std::vector<Pin> own, const std::vector<Pin>& added);

}  // namespace fm
