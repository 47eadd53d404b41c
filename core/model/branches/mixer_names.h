// The kinds of branches by name, for specs and their help; without LibTorch.
#pragma once

#include <string>
#include <vector>

namespace fm {

std::vector<std::string> mixerNames();  // the first is the default
const char* mixerHelp();                // "recurrence of the branches: gdn (gated delta rule) or ..."

}  // namespace fm
