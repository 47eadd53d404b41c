// The adjectives and nouns of RULER's needle keys. words/README.md says where they come from.
#pragma once

#include <string_view>
#include <vector>

namespace fm {

const std::vector<std::string_view>& rulerAdjectives();
const std::vector<std::string_view>& rulerNouns();

}  // namespace fm
