#include "widgets/state/paired_differences.h"

namespace fm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostKept = 20000;
constexpr double kNoTextWeight = 0;  // the sum with text is not asked for
constexpr std::chrono::milliseconds kTurn{4};

}  // namespace

void PairedDifferences::beginTurn() {
    end_of_turn_ = Clock::now() + kTurn;
    is_behind_ = false;
    if (kept_.size() > kMostKept) kept_.clear();
}

const ScoreDifference* PairedDifferences::of(const Scores& a, const Scores& b) {
    static const ScoreDifference kUnknown;
    if (!a || !b) return &kUnknown;
    const std::pair key(a.get(), b.get());
    const auto found = kept_.find(key);
    if (found != kept_.end()) return &found->second.difference;
    if (Clock::now() > end_of_turn_) {
        is_behind_ = true;
        return nullptr;
    }
    return &kept_.try_emplace(key, Kept{a, b, compareScores(*a, *b, kNoTextWeight)}).first->second.difference;
}

}  // namespace fm
