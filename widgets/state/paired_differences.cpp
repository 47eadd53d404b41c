#include "widgets/state/paired_differences.h"

namespace fm {
namespace {

constexpr std::size_t kMostKept = 20000;
constexpr double kNoTextWeight = 0;  // the sum with text is not asked for

}  // namespace

const ScoreDifference& PairedDifferences::of(const Scores& a, const Scores& b) {
    static const ScoreDifference kUnknown;
    if (!a || !b) return kUnknown;
    if (kept_.size() > kMostKept) kept_.clear();
    const auto [place, is_new] = kept_.try_emplace({a.get(), b.get()});
    if (is_new) place->second = {a, b, compareScores(*a, *b, kNoTextWeight)};
    return place->second.difference;
}

}  // namespace fm
