// Recall of an evaluation, sequence by sequence: answers of one sequence share its context and count as one value.
#pragma once

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace fm {

struct EvalCell {
    std::string task;
    double tokens = 0, depth = 0;
    auto operator<=>(const EvalCell&) const = default;
};

// Columns of the table "samples", one entry for each answer. An older run has no `sequence`: there the seed tells.
struct EvalSamples {
    std::span<const std::string> task, seed;
    std::span<const double> tokens, depth, sequence, recall;
};

// For each cell one value a sequence, in the order asked.
std::map<EvalCell, std::vector<double>> sequenceRecalls(const EvalSamples& samples);

}  // namespace fm
