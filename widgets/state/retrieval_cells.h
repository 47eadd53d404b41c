// Recall by depth and length out of an evaluation's run, for one task.
#pragma once

#include <string>
#include <vector>

#include "core/plan/intervals.h"

namespace fm {

class RunData;

struct RecallCell {
    double depth = 0, tokens = 0;
    Estimate recall;  // over the cell's sequences
};

std::vector<std::string> evaluatedTasks(const RunData& run);  // in order of appearance
std::vector<RecallCell> recallCells(const RunData& run, const std::string& task);

}  // namespace fm
