#include "widgets/state/retrieval_cells.h"

#include <algorithm>
#include <cmath>

#include "widgets/state/run_data.h"

namespace fm {
namespace {

void setInterval(RecallCell& cell) {
    constexpr double z = 1.96;
    if (cell.answers <= 0) return;
    const double n = cell.answers, p = cell.recall;
    const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    cell.low = std::max(0.0, middle - half);
    cell.high = std::min(1.0, middle + half);
}

}  // namespace

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
               samples = run.numbers("eval/cells/samples"), recall = run.numbers("eval/cells/recall");
    std::vector<RecallCell> cells;
    const std::size_t rows = std::min({tasks.size(), tokens.size(), depth.size(), samples.size(), recall.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        if (tasks[i] != task) continue;
        RecallCell cell{depth[i], tokens[i], recall[i], static_cast<int>(samples[i]), 0, 0};
        setInterval(cell);
        cells.push_back(cell);
    }
    return cells;
}

}  // namespace fm
