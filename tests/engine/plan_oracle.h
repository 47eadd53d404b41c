// What a plan scores, computed the slow way: one full forward pass of the model's own layers, then softmax, KL, NLL and
// argmax in plain float64 loops. Shares no code with core/engine.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/data/sample.h"
#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/plan/plan.h"

namespace fm::testing {

struct OracleScores {
    double answer_kl = 0, answer_nll = 0, token_accuracy = 0, exact_match = 0;  // macro average over tasks
    double text_kl = 0, text_nll = 0, top1_agreement = 0;                       // mean over sequences of text
    std::int64_t answer_rows = 0, answers = 0, text_rows = 0;
    std::vector<double> sample_kl, sample_exact;  // of every sequence that has answers
    std::vector<double> sample_text_kl;           // of every sequence of text
};

// Residual of every position after the last layer, then final norm and head; [B*T][V].
inline std::vector<std::vector<double>> oracleLogits(const DecoderWeights& weights, const BranchSet& branches,
                                                     const Plan& plan, const Batch& batch) {
    std::vector<std::int64_t> ids(batch.ids_BT.begin(), batch.ids_BT.end());
    const at::Tensor ids_BT = at::tensor(ids).view({batch.batch, batch.tokens});
    const ModelConfig& config = weights.config;
    const Rope rope = makeRope(config, batch.tokens, at::kCPU, weights.embed_VD.scalar_type());
    at::Tensor hidden_BTD = weights.embed_VD.index_select(0, ids_BT.flatten()).view({batch.batch, batch.tokens, -1});
    for (std::size_t l = 0; l < weights.layers.size(); ++l) {
        const LayerWeights& w = weights.layers[l];
        const at::Tensor normed_BTD = rmsNorm(hidden_BTD, w.attn_norm_D, config.rms_norm_eps);
        hidden_BTD = hidden_BTD + (plan.kinds[l] == LayerKind::Full
                                       ? softmaxMixer(normed_BTD, w.attn, config, rope)
                                       : linearMixer(normed_BTD, branches.layers[l], branches.spec, config));
        hidden_BTD = hidden_BTD + swigluMlp(rmsNorm(hidden_BTD, w.mlp_norm_D, config.rms_norm_eps), w.mlp);
    }
    const at::Tensor hidden_ND = hidden_BTD.reshape({-1, config.hidden_size}).to(at::kDouble);
    const at::Tensor scale_N1 = (hidden_ND.square().mean(-1, true) + config.rms_norm_eps).rsqrt();
    const at::Tensor logits_NV =
        (hidden_ND * scale_N1 * weights.final_norm_D.to(at::kDouble)).matmul(weights.head_VD.to(at::kDouble).t());
    const at::Tensor flat = logits_NV.contiguous();
    std::vector<std::vector<double>> rows;
    const double* data = flat.const_data_ptr<double>();
    for (std::int64_t n = 0; n < flat.size(0); ++n)
        rows.emplace_back(data + n * flat.size(1), data + (n + 1) * flat.size(1));
    return rows;
}

inline std::vector<double> logSoftmax(const std::vector<double>& logits) {
    double largest = logits[0], sum = 0;
    for (const double x : logits) largest = std::max(largest, x);
    for (const double x : logits) sum += std::exp(x - largest);
    std::vector<double> log_p;
    for (const double x : logits) log_p.push_back(x - largest - std::log(sum));
    return log_p;
}

inline std::size_t argmax(const std::vector<double>& values) {
    return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

inline double klOf(const std::vector<double>& log_p, const std::vector<double>& log_q) {
    double kl = 0;
    for (std::size_t v = 0; v < log_p.size(); ++v) kl += std::exp(log_p[v]) * (log_p[v] - log_q[v]);
    return kl;
}

// Means of one sequence.
struct OracleSequence {
    double kl = 0, nll = 0, correct = 0, agree = 0, exact = 0;
    double rows = 0, answers = 0;
    void add(const std::vector<double>& p, const std::vector<double>& q, std::size_t label) {
        const std::vector<double> log_q = logSoftmax(q);
        kl += klOf(logSoftmax(p), log_q);
        nll -= log_q[label];
        correct += argmax(q) == label ? 1 : 0;
        agree += argmax(q) == argmax(p) ? 1 : 0;
        ++rows;
    }
    void finish() {
        for (double* sum : {&kl, &nll, &correct, &agree}) *sum /= rows;
        if (answers > 0) exact /= answers;
    }
};

inline OracleSequence oracleAnswers(const Batch& batch, std::size_t first, const Sample& sample,
                                    const std::vector<std::vector<double>>& p,
                                    const std::vector<std::vector<double>>& q) {
    OracleSequence s;
    for (const Answer& answer : sample.answers) {
        bool exact = true;
        for (std::int32_t i = 0; i < answer.length; ++i) {
            const std::size_t row = first + static_cast<std::size_t>(answer.begin + i - 1);
            const std::size_t label = static_cast<std::size_t>(batch.ids_BT[row + 1]);
            s.add(p[row], q[row], label);
            exact = exact && argmax(q[row]) == label;
        }
        s.exact += exact ? 1 : 0;
        ++s.answers;
    }
    s.finish();
    return s;
}

// Plain-text sequences count at every fourth position (3, 7, 11, ...), as the probe does.
inline OracleSequence oracleText(const Batch& batch, std::size_t first, const std::vector<std::vector<double>>& p,
                                 const std::vector<std::vector<double>>& q) {
    OracleSequence s;
    for (std::int32_t t = 3; t + 1 < batch.tokens; t += 4) {
        const std::size_t row = first + static_cast<std::size_t>(t);
        if (batch.valid_BT[row + 1] != 0) s.add(p[row], q[row], static_cast<std::size_t>(batch.ids_BT[row + 1]));
    }
    s.finish();
    return s;
}

// `teacher`: weights of the reference distribution where they are not those of the plan.
inline OracleScores oracleScores(const DecoderWeights& weights, const BranchSet& branches, const Plan& plan,
                                 const std::vector<Batch>& batches, const DecoderWeights* teacher = nullptr) {
    Plan full = plan;
    for (LayerKind& kind : full.kinds) kind = LayerKind::Full;
    OracleScores s;
    std::map<std::string, std::vector<OracleSequence>> tasks;
    std::vector<OracleSequence> text;
    for (const Batch& batch : batches) {
        const auto p = oracleLogits(teacher != nullptr ? *teacher : weights, branches, full, batch);
        const auto q = oracleLogits(weights, branches, plan, batch);
        for (std::int32_t b = 0; b < batch.batch; ++b) {
            const std::size_t first = static_cast<std::size_t>(b) * static_cast<std::size_t>(batch.tokens);
            const Sample& sample = batch.samples[static_cast<std::size_t>(b)];
            if (sample.answers.empty()) {
                text.push_back(oracleText(batch, first, p, q));
                s.sample_text_kl.push_back(text.back().kl);
                s.text_rows += static_cast<std::int64_t>(text.back().rows);
                continue;
            }
            const OracleSequence one = oracleAnswers(batch, first, sample, p, q);
            tasks[sample.task].push_back(one);
            s.sample_kl.push_back(one.kl);
            s.sample_exact.push_back(one.exact);
            s.answer_rows += static_cast<std::int64_t>(one.rows);
            s.answers += static_cast<std::int64_t>(one.answers);
        }
    }
    for (const auto& [task, sequences] : tasks) {
        const double share = 1.0 / static_cast<double>(tasks.size() * sequences.size());
        for (const OracleSequence& one : sequences) {
            s.answer_kl += share * one.kl, s.answer_nll += share * one.nll;
            s.token_accuracy += share * one.correct, s.exact_match += share * one.exact;
        }
    }
    for (const OracleSequence& one : text) {
        const double share = 1.0 / static_cast<double>(text.size());
        s.text_kl += share * one.kl, s.text_nll += share * one.nll, s.top1_agreement += share * one.agree;
    }
    return s;
}

inline Plan planOf(const std::string& key) {
    Plan plan;
    for (const char kind : key) plan.kinds.push_back(kind == 'F' ? LayerKind::Full : LayerKind::Linear);
    return plan;
}

}  // namespace fm::testing
