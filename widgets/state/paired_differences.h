// Whether two plans differ, by the paired interval over the sequences that both have; computed once for each pair, a
// few milliseconds at a time, so that hundreds of plans stall nobody.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "core/plan/probe_scores.h"

namespace fm {

// Thread: the window's.
class PairedDifferences {
public:
    using Scores = std::shared_ptr<const ProbeScores>;
    void beginTurn();
    // a - b. Nothing is known (n = 0) when one of them is null or they come from different probes. Null when it has to
    // wait for another turn.
    const ScoreDifference* of(const Scores& a, const Scores& b);
    bool isBehind() const { return is_behind_; }  // something has to wait

private:
    struct Kept {
        Scores a, b;  // so that no other scores take the place of these
        ScoreDifference difference;
    };
    std::map<std::pair<const ProbeScores*, const ProbeScores*>, Kept> kept_;
    std::chrono::steady_clock::time_point end_of_turn_;
    bool is_behind_ = false;
};

}  // namespace fm
