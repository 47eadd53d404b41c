#include "widgets/state/eval_sequences.h"

#include <algorithm>

namespace fm {

std::map<EvalCell, std::vector<double>> sequenceRecalls(const EvalSamples& samples) {
    struct Sum {
        double recall = 0, answers = 0;
    };
    std::map<EvalCell, std::map<std::pair<std::string, double>, std::size_t>> places;
    std::map<EvalCell, std::vector<Sum>> sums;
    const std::size_t rows = std::min(
        {samples.task.size(), samples.seed.size(), samples.tokens.size(), samples.depth.size(), samples.recall.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        const EvalCell cell{samples.task[i], samples.tokens[i], samples.depth[i]};
        const double number = i < samples.sequence.size() ? samples.sequence[i] : 0;
        std::vector<Sum>& of_cell = sums[cell];
        const auto [place, is_new] = places[cell].try_emplace({samples.seed[i], number}, of_cell.size());
        if (is_new) of_cell.emplace_back();
        of_cell[place->second].recall += samples.recall[i];
        of_cell[place->second].answers += 1;
    }
    std::map<EvalCell, std::vector<double>> recalls;
    for (const auto& [cell, of_cell] : sums)
        for (const Sum& sum : of_cell) recalls[cell].push_back(sum.recall / sum.answers);
    return recalls;
}

}  // namespace fm
