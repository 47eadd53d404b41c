// Who is best in a column of the comparison: decided by paired intervals, never by the figures alone.
#pragma once

#include <cstdint>
#include <vector>

#include "widgets/models/compare_entries.h"
#include "widgets/state/paired_differences.h"

namespace fm {

enum class CompareMark : std::uint8_t {
    None,
    Tied,  // at the top of its budget, with others that nothing tells apart
    Best,  // every other plan of its budget is told apart from it
};

// A measure of the probe, and how it reads in the difference of two plans.
struct ProbeMeasure {
    Estimate CompareEntry::*measured;
    Estimate ScoreDifference::*difference;
    bool is_larger_better;
};
inline constexpr ProbeMeasure kRecallMeasure{&CompareEntry::probe_recall, &ScoreDifference::exact_match, true};
inline constexpr ProbeMeasure kAnswerKlMeasure{&CompareEntry::answer_kl, &ScoreDifference::answer_kl, false};
inline constexpr ProbeMeasure kTextKlMeasure{&CompareEntry::text_kl, &ScoreDifference::text_kl, false};

// One mark an entry. The teacher takes no part, nor what is not measured to its end; alone in its budget nobody is
// best. A budget whose differences have to wait for another turn has no marks yet.
std::vector<CompareMark> bestMarks(const std::vector<CompareEntry>& entries, const ProbeMeasure& measure,
                                   PairedDifferences& differences);

}  // namespace fm
