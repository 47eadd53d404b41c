#include "widgets/models/compare_best.h"

#include <algorithm>
#include <map>

namespace fm {

std::vector<CompareMark> bestMarks(const std::vector<CompareEntry>& entries, const ProbeMeasure& measure,
                                   PairedDifferences& differences) {
    std::vector<CompareMark> marks(entries.size(), CompareMark::None);
    std::map<int, std::vector<std::size_t>> by_budget;
    for (std::size_t row = 0; row < entries.size(); ++row) {
        const CompareEntry& entry = entries[row];
        const bool competes = entry.scores && entry.budget >= 0 && entry.kind != CompareEntry::Kind::Teacher;
        if (competes && (entry.*measure.measured).known()) by_budget[entry.budget].push_back(row);
    }
    const double sign = measure.is_larger_better ? 1 : -1;
    const auto valueOf = [&](std::size_t row) { return sign * (entries[row].*measure.measured).value; };
    for (const auto& [budget, rows] : by_budget) {
        if (rows.size() < 2) continue;
        const std::size_t leader = *std::max_element(
            rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return valueOf(a) < valueOf(b); });
        std::vector<std::size_t> top{leader};
        bool waits = false;
        for (const std::size_t row : rows) {
            if (row == leader) continue;
            const ScoreDifference* difference = differences.of(entries[leader].scores, entries[row].scores);
            waits = waits || difference == nullptr;
            if (difference && !(difference->*measure.difference).excludesZero()) top.push_back(row);
        }
        if (waits) continue;
        for (const std::size_t row : top) marks[row] = top.size() > 1 ? CompareMark::Tied : CompareMark::Best;
    }
    return marks;
}

}  // namespace fm
