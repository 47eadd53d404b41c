// SmolLM2-135M-Instruct out of its GGUF against `transformers` (fp32): every position's most likely tokens, the
// divergence, and what is generated. Needs the file: FM_SMOLLM2_GGUF=<SmolLM2-135M-Instruct.Q4_1.gguf>.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QTest>

#include "core/model/hybrid_model.h"
#include "tests/model/model_fixture.h"
#include "tests/support/tolerances.h"

namespace {

struct Agreement {
    double top1 = 0;       // share of positions
    double mean_kl = 0;    // nat, of the 128 most likely tokens and everything else as one bucket
    double max_error = 0;  // of those tokens' logits
};

Agreement compare(const at::Tensor& logits_TV, const at::Tensor& top_ids_TN, const at::Tensor& top_logits_TN,
                  const at::Tensor& log_sum_T) {
    const at::Tensor ids_TN = top_ids_TN.to(at::kLong);
    const at::Tensor ours_TN = logits_TV.gather(1, ids_TN).to(at::kDouble);
    const at::Tensor theirs_TN = top_logits_TN.to(at::kDouble);
    const at::Tensor q_TN = ours_TN - logits_TV.to(at::kDouble).logsumexp(-1, true);
    const at::Tensor p_TN = theirs_TN - log_sum_T.to(at::kDouble).unsqueeze(1);
    const at::Tensor p_rest_T = (1 - p_TN.exp().sum(-1)).clamp_min(1e-12);
    const at::Tensor q_rest_T = (1 - q_TN.exp().sum(-1)).clamp_min(1e-12);
    const at::Tensor kl_T = (p_TN.exp() * (p_TN - q_TN)).sum(-1) + p_rest_T * (p_rest_T.log() - q_rest_T.log());
    Agreement result;
    result.top1 = logits_TV.argmax(-1).eq(ids_TN.select(1, 0)).to(at::kDouble).mean().item<double>();
    result.mean_kl = kl_T.mean().item<double>();
    result.max_error = (ours_TN - theirs_TN).abs().max().item<double>();
    return result;
}

std::vector<fm::TokenId> tokenIds(const at::Tensor& ids_T) {
    return {ids_T.const_data_ptr<std::int32_t>(), ids_T.const_data_ptr<std::int32_t>() + ids_T.numel()};
}

class TestSmollm2 : public QObject {
    Q_OBJECT

    std::map<std::string, at::Tensor> reference_;
    fm::DecoderWeights weights_;

private Q_SLOTS:
    void initTestCase() {
        const QString path = qEnvironmentVariable("FM_SMOLLM2_GGUF");
        if (path.isEmpty()) QSKIP("FM_SMOLLM2_GGUF does not name SmolLM2-135M-Instruct.Q4_1.gguf (88 MB, not shipped)");
        reference_ = fm::test::readReference(fm::test::modelFolder("smollm2_logits.safetensors"));
        weights_ = fm::loadWeights(*fm::Checkpoint::open(path.toStdString()), at::kCPU, at::kFloat);
        QCOMPARE(weights_.layers.size(), std::size_t{30});
    }

    void logits_data() {
        QTest::addColumn<int>("prompt");
        for (int i = 0; i < 4; ++i) QTest::addRow("prompt %d", i) << i;
    }
    void logits() {
        QFETCH(int, prompt);
        const c10::NoGradGuard no_grad;
        const std::string suffix = "_" + std::to_string(prompt);
        const at::Tensor ids_BT = reference_.at("ids" + suffix).to(at::kLong).unsqueeze(0);
        const fm::Rope rope = fm::makeRope(weights_.config, ids_BT.size(1), at::kCPU, at::kFloat);
        const at::Tensor hidden_BTD = fm::forwardHidden(fm::teacherModel(weights_), ids_BT, rope);
        const Agreement agreement =
            compare(fm::logitsFromHidden(weights_, hidden_BTD).squeeze(0), reference_.at("top_ids" + suffix),
                    reference_.at("top_logits" + suffix), reference_.at("log_sum" + suffix));
        qInfo("%lld positions: top-1 agreement %.4f, mean KL %.2e nat, largest logit error %.2e",
              static_cast<long long>(ids_BT.size(1)), agreement.top1, agreement.mean_kl, agreement.max_error);
        QCOMPARE(agreement.top1, 1.0);
        QVERIFY(agreement.mean_kl <= kSmollm2Kl);
        QVERIFY(agreement.max_error <= kSmollm2Logits);
    }

    void greedyContinuation_data() { logits_data(); }
    void greedyContinuation() {
        QFETCH(int, prompt);
        const std::string suffix = "_" + std::to_string(prompt);
        const std::vector<fm::TokenId> expected = tokenIds(reference_.at("greedy" + suffix));
        QCOMPARE(fm::generateGreedy(fm::teacherModel(weights_), tokenIds(reference_.at("ids" + suffix)), 8, {}),
                 expected);
    }

    // The continuation that an independent bf16 program gave for the same file; its first three tokens bind.
    void capitalOfFrance() {
        const std::shared_ptr<const fm::Tokenizer> tokenizer =
            fm::Tokenizer::open(qEnvironmentVariable("FM_SMOLLM2_GGUF").toStdString());
        const std::vector<fm::TokenId> answer =
            fm::generateGreedy(fm::teacherModel(weights_), tokenizer->encode("The capital of France is"), 3, {});
        QCOMPARE(tokenizer->decode(answer), std::string(" Paris.\n"));
    }
};

}  // namespace

QTEST_GUILESS_MAIN(TestSmollm2)
#include "test_smollm2.moc"
