// Probes in words: a letter in order of first use, and what they ask.
#pragma once

#include <QString>

#include "widgets/state/measured_plans.h"

namespace fm {

// "probe A"
QString probeName(const Measurements& measured, const std::string& identity);
// "5 tasks, 256 tokens, seed 1, 102 sequences"; empty when no run says so yet
QString probeContents(const Measurements& measured, const std::string& identity);
// "probe A: 5 tasks, 256 tokens, seed 1, 102 sequences"
QString probeText(const Measurements& measured, const std::string& identity);

}  // namespace fm
