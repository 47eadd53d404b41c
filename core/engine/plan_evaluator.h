// Measures plans on a fixed probe set: the one place where a plan's quality is computed, for probes, selectors, swap
// refinement, pair maps and exhaustive search alike. evaluation.md 1, 6; prototype.md 2 (teacher-forced exact match is
// the same event as greedy generation of the answer).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/data/sample.h"
#include "core/engine/gate_objective.h"
#include "core/model/hybrid_model.h"
#include "core/run/plan.h"

namespace fm {

struct TaskScores {
    double answer_kl = 0;       // KL(teacher || plan) at rows that predict answer tokens, nat per row
    double answer_nll = 0;      // nat per answer token
    double token_accuracy = 0;  // argmax equals the answer token, given the gold prefix
    double exact_match = 0;     // share of answers whose every token is the argmax
    std::int64_t rows = 0;
    std::int64_t answers = 0;
};

struct ProbeScores {
    TaskScores all;                           // over all answer rows of the probe
    std::map<std::string, TaskScores> tasks;  // by task name
    double text_kl = 0;                       // on plain-text rows
    double text_nll = 0;                      // exp() is the perplexity
    double top1_agreement = 0;                // with the teacher, on plain-text rows (on answer rows without text)
    std::int64_t text_rows = 0;
    // Per sequence with answers, in probe order: for intervals. Mean answer KL and share of exact answers.
    std::vector<float> sample_kl;
    std::vector<float> sample_exact;
};

// 95 % half-width of the mean of `values` (normal approximation); 0 for fewer than two.
double halfWidth95(const std::vector<float>& values);

// A fixed held-out set with the teacher's outputs cached. Built once per study and seed.
struct ProbeSet {
    struct Entry {
        Batch batch;
        at::Tensor ids_BT;  // int64, on the device
        GateRows rows;
        at::Tensor teacher_answer_ND;  // teacher's residual after the last layer at those rows
        at::Tensor teacher_text_ND;
    };
    std::vector<Entry> entries;
    Rope rope;
    std::string id;  // hash of the token ids: probe results are cached by (probe id, plan key)
    std::int64_t num_tokens = 0;
};
ProbeSet makeProbeSet(const DecoderWeights& weights, const std::vector<Batch>& batches);

// Thread: one job's thread.
class PlanEvaluator {
public:
    // Called between layer evaluations; throws Cancelled to stop. May be empty.
    using Poll = std::function<void()>;

    // Refers to objects owned by the caller; `branches` may be null when only the teacher is measured.
    PlanEvaluator(const DecoderWeights& weights, const BranchSet* branches, const ProbeSet& probe, Poll poll = {});

    // Scores in the order of `plans`. Plans that share their first layers share that work: the plans form a tree over
    // layers, each node computed once, depth first. Cached by plan key. `on_scored(index)` is told as leaves finish.
    std::vector<ProbeScores> evaluate(std::span<const Plan> plans,
                                      const std::function<void(std::size_t)>& on_scored = {});
    ProbeScores evaluate(const Plan& plan);

    const ProbeScores& teacher();  // the all-full plan
    std::int64_t layerEvaluations() const { return layer_evaluations_; }

private:
    struct Leaf;
    void evaluateEntry(const ProbeSet::Entry& entry, std::span<const Plan> plans, std::vector<Leaf>& leaves);

    const DecoderWeights& weights_;
    const BranchSet* branches_;
    const ProbeSet& probe_;
    Poll poll_;
    std::map<std::string, ProbeScores> cache_;
    std::int64_t layer_evaluations_ = 0;
};

}  // namespace fm
