#include "widgets/state/retrieval_cells.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "widgets/state/run_data.h"

namespace fm {
std::vector<std::string> evaluatedTasks(const RunData& run) {
    std::vector<std::string> tasks;
    for (const std::string& task : run.texts("eval/cells/task")) {
        if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    }
    return tasks;
}

std::vector<RecallCell> recallCells(const RunData& run, const std::string& task) {
    const auto tasks = run.texts("eval/cells/task");
    const auto tokens = run.numbers("eval/cells/tokens"), depth = run.numbers("eval/cells/depth"),
               recall = run.numbers("eval/cells/recall"), low = run.numbers("eval/cells/recall_low"),
               high = run.numbers("eval/cells/recall_high"), sequences = run.numbers("eval/cells/sequences");
    // Runs of earlier versions count answers and have no intervals.
    const auto answers = sequences.empty() ? run.numbers("eval/cells/samples") : sequences;
    const auto endAt = [](std::span<const double> ends, std::size_t row) {
        return row < ends.size() ? ends[row] : std::nan("");
    };
    std::vector<RecallCell> cells;
    const std::size_t rows = std::min({tasks.size(), tokens.size(), depth.size(), answers.size(), recall.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        if (tasks[i] != task) continue;
        cells.push_back({depth[i], tokens[i], recall[i], static_cast<int>(answers[i]), endAt(low, i), endAt(high, i)});
    }
    return cells;
}

}  // namespace fm
