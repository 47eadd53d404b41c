// What tables say about a run in words, out of its summary and spec.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/store/study.h"

namespace fm {

// Runs that the user has put away carry this tag in study.json.
inline const std::string archived_tag = "archived";
bool isArchived(const Label& label);

// A spec's fields as text, nested ones as "plan.budget"; empty when `spec_json` is no JSON object.
std::map<std::string, std::string> flatSpec(const std::string& spec_json);

// What the run worked on: "K=4", "h1", "uniform-a, remove-one", "gdn". `plan`: the key of the plan it measured, if any.
std::string aboutRun(const std::string& job, const std::map<std::string, std::string>& spec, const std::string& plan);

// "live", "paused", "done", "stopped", "failed", "interrupted" or "unreadable".
std::string stateWord(const RunSummary& run);

}  // namespace fm
