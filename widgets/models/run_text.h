// What tables say about a run in words, out of its summary and spec.
#pragma once

#include <string>

#include "core/store/study.h"
#include "widgets/state/run_spec.h"

namespace fm {

// Runs that the user has put away carry this tag in study.json.
inline const std::string archived_tag = "archived";
bool isArchived(const Label& label);

// What the run worked on: "K=4", "h1", "uniform-a, remove-one", "gdn". `plan`: the key of the plan it measured, if any.
std::string aboutRun(const std::string& job, const SpecFields& spec, const std::string& plan);

// "live", "paused", "done", "stopped", "failed", "interrupted" or "unreadable".
std::string stateWord(const RunSummary& run);

}  // namespace fm
