#include "widgets/state/retrieval_cells.h"

#include <algorithm>

#include "widgets/state/eval_sequences.h"
#include "widgets/state/run_data.h"

namespace fm {

std::vector<std::string> evaluatedTasks(const RunData& run) {
    std::vector<std::string> tasks;
    for (const std::string& task : run.texts("eval/samples/task")) {
        if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    }
    return tasks;
}

std::vector<RecallCell> recallCells(const RunData& run, const std::string& task) {
    const auto recalls = sequenceRecalls({run.texts("eval/samples/task"), run.texts("eval/samples/seed"),
                                          run.numbers("eval/samples/tokens"), run.numbers("eval/samples/depth"),
                                          run.numbers("eval/samples/sequence"), run.numbers("eval/samples/recall")});
    std::vector<RecallCell> cells;
    for (const auto& [cell, values] : recalls) {
        if (cell.task == task) cells.push_back({cell.depth, cell.tokens, boundedMean({values}, 0, 1)});
    }
    return cells;
}

}  // namespace fm
