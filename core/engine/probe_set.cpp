#include "core/engine/probe_set.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/base/hash.h"
#include "core/engine/tensor_util.h"
#include "core/model/blocks.h"
#include "core/model/device.h"
#include "core/model/hybrid_model.h"

namespace fm {
namespace {

// Text KL and perplexity look at every fourth position: neighbours say nearly the same, and the head is the dear part.
constexpr std::int64_t kTextStride = 4;

at::Tensor labelsAfter(const Batch& batch, const std::vector<std::int64_t>& rows, at::Device device) {
    std::vector<std::int64_t> labels;
    labels.reserve(rows.size());
    for (const std::int64_t row : rows) labels.push_back(batch.ids_BT[static_cast<std::size_t>(row) + 1]);
    return indexTensor(labels, device);
}

// Per-row results, float64 and bool on the CPU.
struct RowScores {
    at::Tensor kl_N, nll_N, correct_N, agrees_N, teacher_nll_N, teacher_correct_N;
};

RowScores scoreRows(const DecoderWeights& teacher, const DecoderWeights& student, const at::Tensor& teacher_ND,
                    const at::Tensor& student_ND, const at::Tensor& labels_N) {
    const std::int64_t num_rows = student_ND.size(0);
    const std::int64_t block = logitRowsAtOnce(teacher.config);
    std::vector<at::Tensor> kl, nll, correct, agrees, teacher_nll, teacher_correct;
    for (std::int64_t first = 0; first < num_rows; first += block) {
        const std::int64_t count = std::min(block, num_rows - first);
        const at::Tensor log_p = at::log_softmax(logitsFromHidden(teacher, teacher_ND.narrow(0, first, count)), -1);
        const at::Tensor log_q = at::log_softmax(logitsFromHidden(student, student_ND.narrow(0, first, count)), -1);
        const at::Tensor labels = labels_N.narrow(0, first, count);
        const at::Tensor best_q = log_q.argmax(-1), best_p = log_p.argmax(-1);
        const auto nllOf = [&labels](const at::Tensor& log_NV) {
            return -log_NV.gather(-1, labels.unsqueeze(-1)).squeeze(-1).to(at::kDouble);
        };
        kl.push_back((log_p.exp() * (log_p - log_q)).sum(-1, false, at::kDouble));
        nll.push_back(nllOf(log_q));
        teacher_nll.push_back(nllOf(log_p));
        correct.push_back(best_q.eq(labels));
        teacher_correct.push_back(best_p.eq(labels));
        agrees.push_back(best_q.eq(best_p));
    }
    return {at::cat(kl).cpu(),     at::cat(nll).cpu(),         at::cat(correct).cpu(),
            at::cat(agrees).cpu(), at::cat(teacher_nll).cpu(), at::cat(teacher_correct).cpu()};
}

// Turns sums over rows into means.
void finish(SequenceScore& s, std::int64_t exact, std::int64_t teacher_exact) {
    const double rows = static_cast<double>(std::max<std::int64_t>(1, s.rows));
    for (double* sum : {&s.kl, &s.nll, &s.token_accuracy, &s.agreement, &s.teacher_nll}) *sum /= rows;
    if (s.answers == 0) return;
    s.exact = static_cast<double>(exact) / static_cast<double>(s.answers);
    s.teacher_exact = static_cast<double>(teacher_exact) / static_cast<double>(s.answers);
}

void addRow(SequenceScore& s, const RowScores& rows, std::size_t row) {
    s.kl += rows.kl_N.const_data_ptr<double>()[row];
    s.nll += rows.nll_N.const_data_ptr<double>()[row];
    s.teacher_nll += rows.teacher_nll_N.const_data_ptr<double>()[row];
    s.token_accuracy += rows.correct_N.const_data_ptr<bool>()[row] ? 1 : 0;
    s.agreement += rows.agrees_N.const_data_ptr<bool>()[row] ? 1 : 0;
    ++s.rows;
}

SequenceScore answerScore(const Sample& sample, const RowScores& rows, std::size_t& next) {
    SequenceScore score{sample.task, sample.requested_length, sample.seed};
    std::int64_t exact = 0, teacher_exact = 0;
    for (const Answer& answer : sample.answers) {
        bool all = true, teacher_all = true;
        for (std::int32_t i = 0; i < answer.length; ++i, ++next) {
            addRow(score, rows, next);
            all = all && rows.correct_N.const_data_ptr<bool>()[next];
            teacher_all = teacher_all && rows.teacher_correct_N.const_data_ptr<bool>()[next];
        }
        ++score.answers;
        exact += all ? 1 : 0;
        teacher_exact += teacher_all ? 1 : 0;
    }
    finish(score, exact, teacher_exact);
    return score;
}

// `next` is the first text row of this sequence; its rows lie before `end`, a position in the flattened batch.
SequenceScore textScore(const Sample& sample, const RowScores& rows, const std::vector<std::int64_t>& text_rows,
                        std::int64_t end, std::size_t& next) {
    SequenceScore score{kTextTask, sample.requested_length, sample.seed};
    for (; next < text_rows.size() && text_rows[next] < end; ++next) addRow(score, rows, next);
    finish(score, 0, 0);
    return score;
}

}  // namespace

std::vector<SequenceScore> scoreEntry(const ProbeSet::Entry& entry, const DecoderWeights& teacher,
                                      const DecoderWeights& student, const at::Tensor& answer_ND,
                                      const at::Tensor& text_ND) {
    const at::Device device = entry.ids_BT.device();
    RowScores answers, text;
    if (!entry.rows.answer.empty()) {
        answers = scoreRows(teacher, student, entry.teacher_answer_ND, answer_ND,
                            labelsAfter(entry.batch, entry.rows.answer, device));
    }
    if (!entry.rows.text.empty()) {
        text = scoreRows(teacher, student, entry.teacher_text_ND, text_ND,
                         labelsAfter(entry.batch, entry.rows.text, device));
    }
    std::vector<SequenceScore> scores;
    std::size_t next_answer = 0, next_text = 0;  // rows come in the order of sequences, answers and tokens
    for (std::size_t b = 0; b < entry.batch.samples.size(); ++b) {
        const Sample& sample = entry.batch.samples[b];
        const std::int64_t end = (static_cast<std::int64_t>(b) + 1) * entry.batch.tokens;
        SequenceScore score = sample.answers.empty() ? textScore(sample, text, entry.rows.text, end, next_text)
                                                     : answerScore(sample, answers, next_answer);
        if (score.rows > 0) scores.push_back(std::move(score));
    }
    return scores;
}

ProbeSet::ProbeSet(const DecoderWeights& teacher, std::shared_ptr<const ProbeSource> source)
    : teacher_(&teacher),
      make_([source](std::int64_t index) { return source->batch(index); }),
      num_entries_(source->numBatches()),
      planned_sequences_(source->numSequences()),
      purpose_(source->design().purpose) {
    const std::string precision = c10::toString(teacher.layers.at(0).attn.q.weight_OI.scalar_type());
    id_ = source->identity();
    // The teacher enters by its weights' fingerprint: branch sets and hybrids are named beside a score, not in it.
    const at::Tensor norm = teacher.final_norm_D.to(at::kDouble).cpu().contiguous();
    const at::Tensor embed = teacher.embed_VD.narrow(0, 0, 1).to(at::kDouble).cpu().contiguous();
    Hasher hasher;
    hasher.update(id_.data(), id_.size());
    hasher.update(precision.data(), precision.size());
    hasher.update(norm.const_data_ptr<double>(), static_cast<std::size_t>(norm.numel()) * sizeof(double));
    hasher.update(embed.const_data_ptr<double>(), static_cast<std::size_t>(embed.numel()) * sizeof(double));
    id_ = hasher.hex();
    entries_.resize(static_cast<std::size_t>(num_entries_));
    sums_.resize(entries_.size());
}

ProbeSet::ProbeSet(const DecoderWeights& teacher, std::vector<Batch> batches)
    : teacher_(&teacher), num_entries_(static_cast<std::int64_t>(batches.size())) {
    Hasher hasher;
    for (const Batch& batch : batches) {
        planned_sequences_ += batch.batch;
        hasher.update(batch.ids_BT.data(), batch.ids_BT.size() * sizeof(TokenId));
    }
    id_ = hasher.hex();
    entries_.resize(batches.size());
    sums_.resize(batches.size());
    make_ = [batches = std::move(batches)](std::int64_t index) { return batches[static_cast<std::size_t>(index)]; };
}

const ProbeSet::Entry& ProbeSet::entry(std::int64_t index) {
    if (!entries_.at(static_cast<std::size_t>(index))) compute(index);
    return *entries_[static_cast<std::size_t>(index)];
}

void ProbeSet::compute(std::int64_t index) {
    const c10::NoGradGuard no_grad;
    const at::Device device = teacher_->embed_VD.device();
    auto entry = std::make_unique<Entry>();
    entry->batch = make_(index);
    entry->ids_BT = idsTensor(entry->batch, device);
    entry->rows = gateRows(entry->batch, kTextStride);
    if (!rope_.cos_Td.defined() || rope_.cos_Td.size(0) < entry->batch.tokens)
        rope_ = makeRope(teacher_->config, entry->batch.tokens, device, teacher_->final_norm_D.scalar_type());
    const at::Tensor hidden_ND =
        forwardHidden(teacherModel(*teacher_), entry->ids_BT, ropeSlice(rope_, 0, entry->batch.tokens))
            .view({-1, teacher_->config.hidden_size});
    entry->teacher_answer_ND = hidden_ND.index_select(0, indexTensor(entry->rows.answer, device));
    entry->teacher_text_ND = hidden_ND.index_select(0, indexTensor(entry->rows.text, device));
    entry->teacher = scoreEntry(*entry, *teacher_, *teacher_, entry->teacher_answer_ND, entry->teacher_text_ND);

    AnswerSums sums;
    sums.probability_V = at::zeros({teacher_->config.vocab_size}, at::kDouble);
    sums.rows = static_cast<std::int64_t>(entry->rows.answer.size());
    const std::int64_t block = logitRowsAtOnce(teacher_->config);
    for (std::int64_t first = 0; first < sums.rows; first += block) {
        const at::Tensor rows_ND = entry->teacher_answer_ND.narrow(0, first, std::min(block, sums.rows - first));
        const at::Tensor log_p = at::log_softmax(logitsFromHidden(*teacher_, rows_ND), -1);
        const at::Tensor p = log_p.exp();
        sums.probability_V += p.sum(0, false, at::kDouble).cpu();
        sums.entropy -= (p * log_p).sum(at::kDouble).item<double>();
    }
    sums_[static_cast<std::size_t>(index)] = std::move(sums);
    entries_[static_cast<std::size_t>(index)] = std::move(entry);
}

double ProbeSet::answerKlScale(std::int64_t entries) {
    at::Tensor sum_V;
    double entropy = 0, rows = 0;
    for (std::int64_t i = 0; i < entries; ++i) {
        entry(i);
        const AnswerSums& sums = sums_[static_cast<std::size_t>(i)];
        if (sums.rows == 0) continue;
        sum_V = sum_V.defined() ? sum_V + sums.probability_V : sums.probability_V;
        entropy += sums.entropy;
        rows += static_cast<double>(sums.rows);
    }
    if (rows == 0) return 0;
    const at::Tensor mean_V = sum_V / rows;
    const double mixed = -at::xlogy(mean_V, mean_V).sum().item<double>();
    return mixed - entropy / rows;
}

}  // namespace fm
