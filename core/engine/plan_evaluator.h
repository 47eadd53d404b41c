// Measures plans on a probe: the one place where a plan's quality is computed, for probes, selectors, swap refinement,
// pair maps and exhaustive search alike. Teacher-forced exact match is the same event as greedy generation of the
// answer, so one forward pass of the whole sequence answers all of its questions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/engine/probe_set.h"
#include "core/model/hybrid_model.h"
#include "core/plan/plan.h"
#include "core/plan/probe_scores.h"

namespace fm {

// Thread: one job's thread.
class PlanEvaluator {
public:
    // Called between layer evaluations; throws Cancelled to stop. May be empty.
    using Poll = std::function<void()>;

    // `weights` are those of the hybrid (the teacher's own where nothing was recovered); the reference distribution
    // always comes from the probe's teacher. Refers to objects owned by the caller; `branches` may be null when only
    // all-full plans are measured.
    PlanEvaluator(const DecoderWeights& weights, const BranchSet* branches, ProbeSet& probe, Poll poll = {});

    // Scores of the whole probe in the order of `plans`. Plans that share their first layers share that work: the plans
    // form a tree over layers, each node computed once, depth first. Cached by plan key. `on_entry(done, total)` is
    // told as the probe's entries are done for all plans.
    std::vector<ProbeScores> evaluate(std::span<const Plan> plans,
                                      const std::function<void(std::int64_t, std::int64_t)>& on_entry = {});
    ProbeScores evaluate(const Plan& plan);

    // One more entry of the probe for this plan; false when none was left. What is done is kept.
    bool advance(const Plan& plan);
    ProbeScores scoresSoFar(const Plan& plan);

    // Another job's poll; the measured plans stay.
    void setPoll(Poll poll) { poll_ = std::move(poll); }
    std::int64_t layerEvaluations() const { return layer_evaluations_; }
    ProbeSet& probe() { return probe_; }

private:
    // A plan's sequences in the probe's order, as far as its entries have been measured.
    struct Leaf {
        std::vector<SequenceScore> sequences;
        std::int64_t entries = 0;
    };
    void evaluateEntry(std::int64_t index, std::span<const Plan> plans);

    const DecoderWeights& weights_;
    const BranchSet* branches_;
    ProbeSet& probe_;
    Poll poll_;
    std::map<std::string, Leaf> leaves_;  // by plan key
    std::int64_t layer_evaluations_ = 0;
};

}  // namespace fm
