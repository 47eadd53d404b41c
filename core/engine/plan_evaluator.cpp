#include "core/engine/plan_evaluator.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <set>

#include "core/base/assert.h"
#include "core/engine/tensor_util.h"

namespace fm {

PlanEvaluator::PlanEvaluator(const DecoderWeights& weights, const BranchSet* branches, ProbeSet& probe, Poll poll)
    : weights_(weights), branches_(branches), probe_(probe), poll_(std::move(poll)) {}

// All `plans` on one entry. Nothing is added to a plan before all of them are through, so that a cancelled evaluation
// leaves whole entries only.
void PlanEvaluator::evaluateEntry(std::int64_t index, std::span<const Plan> plans) {
    const ProbeSet::Entry& entry = probe_.entry(index);
    const HybridModel model{&weights_, branches_, {}};
    const Rope rope = ropeSlice(probe_.rope(), 0, entry.batch.tokens);
    const at::Device device = weights_.embed_VD.device();
    const std::int64_t num_layers = weights_.config.num_layers;
    const at::Tensor answer_rows_N = indexTensor(entry.rows.answer, device);
    const at::Tensor text_rows_N = indexTensor(entry.rows.text, device);
    std::vector<std::vector<SequenceScore>> scores(plans.size());

    // Depth-first over layers; `members` are the plans that agree on everything below `layer`.
    const std::function<void(const at::Tensor&, std::int64_t, const std::vector<std::size_t>&)> visit =
        [&](const at::Tensor& hidden_BTD, std::int64_t layer, const std::vector<std::size_t>& members) {
            if (layer == num_layers) {
                const at::Tensor hidden_ND = hidden_BTD.view({-1, weights_.config.hidden_size});
                const std::vector<SequenceScore> leaf =
                    scoreEntry(entry, probe_.teacher(), weights_, hidden_ND.index_select(0, answer_rows_N),
                               hidden_ND.index_select(0, text_rows_N));
                for (const std::size_t member : members) scores[member] = leaf;
                return;
            }
            for (const LayerKind kind : {LayerKind::Full, LayerKind::Linear}) {
                std::vector<std::size_t> subset;
                for (const std::size_t member : members) {
                    if (plans[member].kinds[static_cast<std::size_t>(layer)] == kind) subset.push_back(member);
                }
                if (subset.empty()) continue;
                if (poll_) poll_();
                ++layer_evaluations_;
                visit(forwardLayer(model, layer, kind, hidden_BTD, rope), layer + 1, subset);
            }
        };
    std::vector<std::size_t> everyone(plans.size());
    for (std::size_t i = 0; i < plans.size(); ++i) everyone[i] = i;
    visit(embed(weights_, entry.ids_BT), 0, everyone);

    for (std::size_t i = 0; i < plans.size(); ++i) {
        Leaf& leaf = leaves_[plans[i].key()];
        leaf.sequences.insert(leaf.sequences.end(), scores[i].begin(), scores[i].end());
        leaf.entries = index + 1;
    }
}

std::vector<ProbeScores> PlanEvaluator::evaluate(std::span<const Plan> plans,
                                                 const std::function<void(std::int64_t, std::int64_t)>& on_entry) {
    const c10::NoGradGuard no_grad;
    std::vector<Plan> distinct;
    std::set<std::string> listed;
    for (const Plan& plan : plans) {
        FM_ASSERT(static_cast<std::int64_t>(plan.kinds.size()) == weights_.config.num_layers,
                  "the plan has one kind a layer");
        if (listed.insert(plan.key()).second) distinct.push_back(plan);
    }
    for (std::int64_t index = 0; index < probe_.numEntries(); ++index) {
        std::vector<Plan> missing;
        for (const Plan& plan : distinct) {
            if (leaves_[plan.key()].entries <= index) missing.push_back(plan);
        }
        if (!missing.empty()) evaluateEntry(index, missing);
        if (on_entry) on_entry(index + 1, probe_.numEntries());
    }
    std::vector<ProbeScores> scores;
    scores.reserve(plans.size());
    for (const Plan& plan : plans) scores.push_back(scoresSoFar(plan));
    return scores;
}

ProbeScores PlanEvaluator::evaluate(const Plan& plan) { return evaluate(std::span<const Plan>(&plan, 1))[0]; }

bool PlanEvaluator::advance(const Plan& plan) {
    const c10::NoGradGuard no_grad;
    const std::int64_t next = leaves_[plan.key()].entries;
    if (next >= probe_.numEntries()) return false;
    evaluateEntry(next, std::span<const Plan>(&plan, 1));
    return true;
}

ProbeScores PlanEvaluator::scoresSoFar(const Plan& plan) {
    const Leaf& leaf = leaves_[plan.key()];
    return summarise(leaf.sequences, probe_.answerKlScale(leaf.entries), probe_.plannedSequences(), probe_.id());
}

}  // namespace fm
