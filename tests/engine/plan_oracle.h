// What a plan scores, computed the slow way: one full forward pass of the model's own layers, then softmax, KL, NLL and
// argmax in plain float64 loops. Shares no code with core/engine.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "core/data/sample.h"
#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/run/plan.h"

namespace fm::testing {

struct OracleScores {
    double answer_kl = 0, answer_nll = 0, token_accuracy = 0, exact_match = 0;
    double text_kl = 0, text_nll = 0, top1_agreement = 0;
    std::int64_t answer_rows = 0, answers = 0, text_rows = 0;
    std::vector<double> sample_kl;  // mean answer KL of every sequence that has answers
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

// Plain-text sequences count at every fourth position (3, 7, 11, ...), as the probe does.
inline OracleScores oracleScores(const DecoderWeights& weights, const BranchSet& branches, const Plan& plan,
                                 const std::vector<Batch>& batches) {
    Plan teacher = plan;
    for (LayerKind& kind : teacher.kinds) kind = LayerKind::Full;
    OracleScores s;
    for (const Batch& batch : batches) {
        const std::vector<std::vector<double>> p = oracleLogits(weights, branches, teacher, batch);
        const std::vector<std::vector<double>> q = oracleLogits(weights, branches, plan, batch);
        for (std::int32_t b = 0; b < batch.batch; ++b) {
            const std::size_t first = static_cast<std::size_t>(b) * static_cast<std::size_t>(batch.tokens);
            const Sample& sample = batch.samples[static_cast<std::size_t>(b)];
            double sample_kl = 0;
            std::int64_t sample_rows = 0;
            for (const Answer& answer : sample.answers) {
                bool exact = true;
                for (std::int32_t i = 0; i < answer.length; ++i) {
                    const std::size_t row = first + static_cast<std::size_t>(answer.begin + i - 1);
                    const std::size_t label = static_cast<std::size_t>(batch.ids_BT[row + 1]);
                    const std::vector<double> log_q = logSoftmax(q[row]);
                    sample_kl += klOf(logSoftmax(p[row]), log_q);
                    s.answer_nll -= log_q[label];
                    const bool correct = argmax(q[row]) == label;
                    s.token_accuracy += correct ? 1 : 0;
                    exact = exact && correct;
                    ++sample_rows;
                }
                ++s.answers;
                s.exact_match += exact ? 1 : 0;
            }
            s.answer_kl += sample_kl;
            s.answer_rows += sample_rows;
            if (sample_rows > 0) s.sample_kl.push_back(sample_kl / static_cast<double>(sample_rows));
            for (std::int32_t t = 3; sample.answers.empty() && t + 1 < batch.tokens; t += 4) {
                const std::size_t row = first + static_cast<std::size_t>(t);
                if (batch.valid_BT[row + 1] == 0) continue;
                const std::vector<double> log_q = logSoftmax(q[row]);
                s.text_kl += klOf(logSoftmax(p[row]), log_q);
                s.text_nll -= log_q[static_cast<std::size_t>(batch.ids_BT[row + 1])];
                s.top1_agreement += argmax(q[row]) == argmax(p[row]) ? 1 : 0;
                ++s.text_rows;
            }
        }
    }
    const double rows = std::max<double>(1, static_cast<double>(s.answer_rows));
    const double text = std::max<double>(1, static_cast<double>(s.text_rows));
    s.answer_kl /= rows, s.answer_nll /= rows, s.token_accuracy /= rows;
    s.exact_match /= std::max<double>(1, static_cast<double>(s.answers));
    s.text_kl /= text, s.text_nll /= text, s.top1_agreement /= text;
    return s;
}

inline Plan planOf(const std::string& key) {
    Plan plan;
    for (const char kind : key) plan.kinds.push_back(kind == 'F' ? LayerKind::Full : LayerKind::Linear);
    return plan;
}

}  // namespace fm::testing
