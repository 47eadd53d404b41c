#include "core/engine/plan_evaluator.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <set>

#include "core/engine/tensor_util.h"
#include "core/run/hash.h"

namespace fm {
namespace {

std::vector<std::int64_t> labelsAfter(const Batch& batch, const std::vector<std::int64_t>& rows) {
    std::vector<std::int64_t> labels;
    labels.reserve(rows.size());
    for (const std::int64_t row : rows) labels.push_back(batch.ids_BT[row + 1]);
    return labels;
}

// Per-row results on the CPU.
struct RowScores {
    at::Tensor kl_N, nll_N, correct_N, agrees_N;  // float64, float64, bool, bool
};

// `teacher_ND` and `student_ND` are residuals after the last layer.
RowScores scoreRows(const DecoderWeights& weights, const at::Tensor& teacher_ND, const at::Tensor& student_ND,
                    const at::Tensor& labels_N) {
    const std::int64_t num_rows = student_ND.size(0);
    const std::int64_t block = logitRowsAtOnce(weights.config);
    std::vector<at::Tensor> kl, nll, correct, agrees;
    for (std::int64_t first = 0; first < num_rows; first += block) {
        const std::int64_t count = std::min(block, num_rows - first);
        const at::Tensor log_p = at::log_softmax(logitsFromHidden(weights, teacher_ND.narrow(0, first, count)), -1);
        const at::Tensor log_q = at::log_softmax(logitsFromHidden(weights, student_ND.narrow(0, first, count)), -1);
        const at::Tensor labels = labels_N.narrow(0, first, count);
        const at::Tensor best = log_q.argmax(-1);
        kl.push_back((log_p.exp() * (log_p - log_q)).sum(-1, false, at::kDouble));
        nll.push_back(-log_q.gather(-1, labels.unsqueeze(-1)).squeeze(-1).to(at::kDouble));
        correct.push_back(best.eq(labels));
        agrees.push_back(best.eq(log_p.argmax(-1)));
    }
    return {at::cat(kl).cpu(), at::cat(nll).cpu(), at::cat(correct).cpu(), at::cat(agrees).cpu()};
}

}  // namespace

// Sums of one plan over the probe.
struct PlanEvaluator::Leaf {
    struct Sums {
        double kl = 0, nll = 0, correct = 0;
        std::int64_t rows = 0, answers = 0, exact = 0;
        void add(const Sums& other);
        TaskScores mean() const;
    };
    std::map<std::string, Sums> tasks;
    double text_kl = 0, text_nll = 0, agreements = 0;
    std::int64_t text_rows = 0;
    double answer_agreements = 0;
    std::vector<float> sample_kl, sample_exact;

    void addAnswers(const ProbeSet::Entry& entry, const RowScores& rows);
    void addText(const RowScores& rows);
    ProbeScores finish() const;
};

void PlanEvaluator::Leaf::Sums::add(const Sums& other) {
    kl += other.kl;
    nll += other.nll;
    correct += other.correct;
    rows += other.rows;
    answers += other.answers;
    exact += other.exact;
}

TaskScores PlanEvaluator::Leaf::Sums::mean() const {
    const double n = std::max<double>(1, static_cast<double>(rows));
    const double a = std::max<double>(1, static_cast<double>(answers));
    return {kl / n, nll / n, correct / n, static_cast<double>(exact) / a, rows, answers};
}

void PlanEvaluator::Leaf::addAnswers(const ProbeSet::Entry& entry, const RowScores& rows) {
    const double* kl = rows.kl_N.const_data_ptr<double>();
    const double* nll = rows.nll_N.const_data_ptr<double>();
    const bool* correct = rows.correct_N.const_data_ptr<bool>();
    std::size_t next = 0;  // rows come in the order of sequences, answers and tokens
    for (const Sample& sample : entry.batch.samples) {
        Sums sums;
        for (const Answer& answer : sample.answers) {
            bool exact = true;
            for (std::int32_t i = 0; i < answer.length; ++i, ++next) {
                sums.kl += kl[next];
                sums.nll += nll[next];
                sums.correct += correct[next] ? 1 : 0;
                exact = exact && correct[next];
                ++sums.rows;
            }
            ++sums.answers;
            sums.exact += exact ? 1 : 0;
        }
        if (sums.answers == 0) continue;
        sample_kl.push_back(static_cast<float>(sums.kl / static_cast<double>(sums.rows)));
        sample_exact.push_back(static_cast<float>(sums.exact) / static_cast<float>(sums.answers));
        tasks[sample.task].add(sums);
    }
    assert(next == entry.rows.answer.size());
    answer_agreements += rows.agrees_N.sum().item<double>();
}

void PlanEvaluator::Leaf::addText(const RowScores& rows) {
    text_kl += rows.kl_N.sum().item<double>();
    text_nll += rows.nll_N.sum().item<double>();
    agreements += rows.agrees_N.sum().item<double>();
    text_rows += rows.kl_N.size(0);
}

ProbeScores PlanEvaluator::Leaf::finish() const {
    ProbeScores scores;
    Sums all;
    for (const auto& [task, sums] : tasks) {
        scores.tasks[task] = sums.mean();
        all.add(sums);
    }
    scores.all = all.mean();
    const double n = std::max<double>(1, static_cast<double>(text_rows));
    scores.text_kl = text_kl / n;
    scores.text_nll = text_nll / n;
    scores.text_rows = text_rows;
    scores.top1_agreement =
        text_rows > 0 ? agreements / n : answer_agreements / std::max<double>(1, static_cast<double>(all.rows));
    scores.sample_kl = sample_kl;
    scores.sample_exact = sample_exact;
    return scores;
}

double halfWidth95(const std::vector<float>& values) {
    const double n = static_cast<double>(values.size());
    if (n < 2) return 0;
    double mean = 0, squares = 0;
    for (const float value : values) mean += value / n;
    for (const float value : values) squares += (value - mean) * (value - mean);
    return 1.96 * std::sqrt(squares / (n - 1) / n);
}

ProbeSet makeProbeSet(const DecoderWeights& weights, const std::vector<Batch>& batches) {
    const c10::NoGradGuard no_grad;
    constexpr std::int64_t kTextStride = 4;
    const at::Device device = weights.embed_VD.device();
    ProbeSet probe;
    std::int32_t longest = 0;
    for (const Batch& batch : batches) longest = std::max(longest, batch.tokens);
    probe.rope = makeRope(weights.config, longest, device, weights.final_norm_D.scalar_type());
    const HybridModel teacher = teacherModel(weights);
    Hasher hasher;
    for (const Batch& batch : batches) {
        ProbeSet::Entry entry;
        entry.batch = batch;
        entry.ids_BT = idsTensor(batch, device);
        entry.rows = gateRows(batch, kTextStride);
        const at::Tensor hidden_ND = forwardHidden(teacher, entry.ids_BT, ropeSlice(probe.rope, 0, batch.tokens))
                                         .view({-1, weights.config.hidden_size});
        entry.teacher_answer_ND = hidden_ND.index_select(0, indexTensor(entry.rows.answer, device));
        entry.teacher_text_ND = hidden_ND.index_select(0, indexTensor(entry.rows.text, device));
        probe.num_tokens += batch.batch * batch.tokens;
        hasher.update(batch.ids_BT.data(), batch.ids_BT.size() * sizeof(TokenId));
        probe.entries.push_back(std::move(entry));
    }
    probe.id = hasher.hex();
    return probe;
}

PlanEvaluator::PlanEvaluator(const DecoderWeights& weights, const BranchSet* branches, const ProbeSet& probe, Poll poll)
    : weights_(weights), branches_(branches), probe_(probe), poll_(std::move(poll)) {}

void PlanEvaluator::evaluateEntry(const ProbeSet::Entry& entry, std::span<const Plan> plans,
                                  std::vector<Leaf>& leaves) {
    const HybridModel model{&weights_, branches_, {}};
    const Rope rope = ropeSlice(probe_.rope, 0, entry.batch.tokens);
    const at::Device device = weights_.embed_VD.device();
    const std::int64_t width = weights_.config.hidden_size;
    const std::int64_t num_layers = weights_.config.num_layers;
    const at::Tensor answer_rows = indexTensor(entry.rows.answer, device);
    const at::Tensor text_rows = indexTensor(entry.rows.text, device);
    const at::Tensor answer_labels = indexTensor(labelsAfter(entry.batch, entry.rows.answer), device);
    const at::Tensor text_labels = indexTensor(labelsAfter(entry.batch, entry.rows.text), device);

    // Depth-first over layers; `members` are the plans that agree on everything below `layer`.
    const std::function<void(const at::Tensor&, std::int64_t, const std::vector<std::size_t>&)> visit =
        [&](const at::Tensor& hidden_BTD, std::int64_t layer, const std::vector<std::size_t>& members) {
            if (layer == num_layers) {
                const at::Tensor hidden_ND = hidden_BTD.view({-1, width});
                for (const std::size_t index : members) {
                    if (!entry.rows.answer.empty()) {
                        leaves[index].addAnswers(
                            entry, scoreRows(weights_, entry.teacher_answer_ND, hidden_ND.index_select(0, answer_rows),
                                             answer_labels));
                    }
                    if (!entry.rows.text.empty()) {
                        leaves[index].addText(scoreRows(weights_, entry.teacher_text_ND,
                                                        hidden_ND.index_select(0, text_rows), text_labels));
                    }
                }
                return;
            }
            for (const LayerKind kind : {LayerKind::Full, LayerKind::Linear}) {
                std::vector<std::size_t> subset;
                for (const std::size_t index : members) {
                    if (plans[index].kinds[layer] == kind) subset.push_back(index);
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
}

std::vector<ProbeScores> PlanEvaluator::evaluate(std::span<const Plan> plans,
                                                 const std::function<void(std::size_t)>& on_scored) {
    const c10::NoGradGuard no_grad;
    std::vector<Plan> missing;
    std::set<std::string> listed;
    for (const Plan& plan : plans) {
        assert(static_cast<std::int64_t>(plan.kinds.size()) == weights_.config.num_layers);
        const std::string key = plan.key();
        if (!cache_.contains(key) && listed.insert(key).second) missing.push_back(plan);
    }
    std::vector<Leaf> leaves(missing.size());
    if (!missing.empty()) {
        for (const ProbeSet::Entry& entry : probe_.entries) evaluateEntry(entry, missing, leaves);
    }
    for (std::size_t i = 0; i < missing.size(); ++i) cache_[missing[i].key()] = leaves[i].finish();
    std::vector<ProbeScores> scores;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        scores.push_back(cache_.at(plans[i].key()));
        if (on_scored) on_scored(i);
    }
    return scores;
}

ProbeScores PlanEvaluator::evaluate(const Plan& plan) { return evaluate(std::span<const Plan>(&plan, 1))[0]; }

const ProbeScores& PlanEvaluator::teacher() {
    Plan plan;
    plan.kinds.assign(weights_.config.num_layers, LayerKind::Full);
    evaluate(plan);
    return cache_.at(plan.key());
}

}  // namespace fm
