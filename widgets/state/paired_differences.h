// Whether two plans differ, by the paired interval over the sequences that both have; computed once for each pair.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "core/run/probe_scores.h"

namespace fm {

class PairedDifferences {
public:
    using Scores = std::shared_ptr<const ProbeScores>;
    // a - b. Nothing is known (n = 0) when one of them is null or they come from different probes.
    const ScoreDifference& of(const Scores& a, const Scores& b);

private:
    struct Kept {
        Scores a, b;  // so that no other scores take the place of these
        ScoreDifference difference;
    };
    std::map<std::pair<const ProbeScores*, const ProbeScores*>, Kept> kept_;
};

}  // namespace fm
