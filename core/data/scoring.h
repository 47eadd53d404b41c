// RULER's score of a generated answer.
#pragma once

#include <string>
#include <vector>

namespace fm {

// RULER's string_match_all: the share of the references that the prediction contains, letter case ignored. The
// prediction is stripped of white space first, and its control characters 0x00-0x1f count as newlines. In [0, 1]
// (RULER prints it times 100); 0 without references. UTF-8, broken bytes as U+FFFD. As in Python, except that a capital
// sigma at the end of a word becomes the usual small one.
double stringMatchAll(const std::string& prediction, const std::vector<std::string>& references);

}  // namespace fm
