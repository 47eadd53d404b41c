// Recall by depth and length out of an evaluation's run, for one task.
#pragma once

#include <string>
#include <vector>

namespace fm {

class RunData;

struct RecallCell {
    double depth = 0, tokens = 0;
    double recall = 0;
    int answers = 0;
    double low = 0, high = 0;  // 95 %; not a number where the run does not say
};

std::vector<std::string> evaluatedTasks(const RunData& run);  // in order of appearance
std::vector<RecallCell> recallCells(const RunData& run, const std::string& task);

}  // namespace fm
