// Probes with known figures: sequence by sequence, so that averages, intervals and paired differences follow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/gate_plan.h"
#include "core/plan/plan_spelling.h"
#include "core/plan/probe_scores.h"
#include "core/plan/probe_tables.h"
#include "core/run/event.h"

namespace fixture {

inline const std::string kProbeA(32, 'a'), kProbeB(32, 'b');

struct Probed {
    double kl = 0.2, exact = 0.8;
    double text_kl = 0.05;  // NaN: the probe has no text
    int first_wrong = 0;    // which sequences are wrong: two plans may be as good on different ones
    int sequences = 40;     // with answers, half of each task
    std::string identity = kProbeA;
    int planned = -1;  // -1: complete
};

inline fm::ProbeScores scoresOf(const Probed& p) {
    constexpr int kTextSequences = 8;
    constexpr double kScale = 3;
    std::vector<fm::SequenceScore> sequences;
    const int wrong = static_cast<int>(std::lround((1 - p.exact) * p.sequences));
    for (int i = 0; i < p.sequences; ++i) {
        const bool is_wrong = (i - p.first_wrong + p.sequences) % p.sequences < wrong;
        const double kl = p.kl * (0.9 + 0.05 * (i * 3 % 5));
        sequences.push_back({i % 2 ? "hop4" : "mk8", 256, static_cast<std::uint64_t>(i), 8, 4, kl, kl + 0.1,
                             is_wrong ? 0.5 : 1.0, is_wrong ? 0.0 : 1.0, 1 - 0.1 * p.kl, 0.1, 1.0});
    }
    for (int i = 0; i < kTextSequences && std::isfinite(p.text_kl); ++i) {
        const double kl = p.text_kl * (0.9 + 0.05 * (i * 3 % 5));
        sequences.push_back(
            {fm::kTextTask, 256, 1000u + static_cast<std::uint64_t>(i), 64, 0, kl, kl + 2, 0.5, 0.0, 0.8, 2.0, 0.0});
    }
    const auto count = static_cast<std::int64_t>(sequences.size());
    return fm::summarise(std::move(sequences), kScale, p.planned < 0 ? count : p.planned, p.identity);
}

// The rows of a run with the tables probeTable() and sequenceTable() at `first_table` and after it.
inline std::vector<std::pair<int, fm::Row>> probeRows(const std::string& plan, const Probed& p,
                                                      std::int64_t subject = 0,
                                                      fm::ProbePurpose purpose = fm::ProbePurpose::Measure,
                                                      int first_table = 0) {
    const fm::ProbeScores scores = scoresOf(p);
    std::vector<std::pair<int, fm::Row>> rows{{first_table, fm::probeRow(-1, fm::planFromKey(plan), scores, purpose)}};
    for (const fm::SequenceScore& score : scores.sequences)
        rows.emplace_back(first_table + 1, fm::sequenceRow(subject, score));
    return rows;
}

}  // namespace fixture
