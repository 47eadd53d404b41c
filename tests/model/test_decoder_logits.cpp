// Logits of every family against `transformers`: whole sequences, token by token, in chunks, and what is generated.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QTest>
#include <algorithm>

#include "core/base/error.h"
#include "core/model/device.h"
#include "core/model/hybrid_model.h"
#include "tests/model/model_fixture.h"
#include "tests/support/tolerances.h"

namespace {

using fm::test::loadModelFixture;
using fm::test::ModelFixture;

fm::Rope ropeFor(const fm::DecoderWeights& weights, std::int64_t count) {
    const at::ScalarType dtype = weights.embed_VD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    return fm::makeRope(weights.config, count, at::kCPU, dtype);
}

// Feeds the sequence in pieces of `chunk` tokens through one decode state.
at::Tensor logitsInChunks(const fm::DecoderWeights& weights, const at::Tensor& ids_BT, std::int64_t chunk,
                          std::int64_t capacity) {
    const fm::HybridModel model = fm::teacherModel(weights);
    fm::DecodeState state = fm::makeDecodeState(model, ids_BT.size(0), capacity);
    const fm::Rope rope = ropeFor(weights, ids_BT.size(1));
    std::vector<at::Tensor> parts;
    for (const at::Tensor& part_BT : ids_BT.split(chunk, 1)) {
        parts.push_back(fm::logitsFromHidden(weights, fm::forwardHidden(model, part_BT, rope, &state)));
    }
    return at::cat(parts, 1).squeeze(0);
}

at::Tensor wholeLogits(const fm::DecoderWeights& weights, const at::Tensor& ids_BT) {
    const fm::Rope rope = ropeFor(weights, ids_BT.size(1));
    return fm::logitsFromHidden(weights, fm::forwardHidden(fm::teacherModel(weights), ids_BT, rope)).squeeze(0);
}

double maxError(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

class TestDecoderLogits : public QObject {
    Q_OBJECT

    static void addFamilies() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"llama_rope", "smollm", "qwen2", "qwen3"}) QTest::newRow(name) << name;
    }
    static ModelFixture fixture(at::ScalarType dtype = at::kFloat) {
        QFETCH_GLOBAL(QString, name);
        return loadModelFixture(name.toStdString(), dtype);
    }

private Q_SLOTS:
    void initTestCase_data() { addFamilies(); }
    void initTestCase() { fm::setThreads(1); }  // tiny models: threads would only wait for each other

    void wholeSequence() {
        const ModelFixture f = fixture();
        for (std::size_t i = 0; i < f.ids_BT.size(); ++i) {
            const at::Tensor logits_TV = wholeLogits(f.weights, f.ids_BT[i]);
            QCOMPARE(logits_TV.sizes(), f.logits_TV[i].sizes());
            QVERIFY2(maxError(logits_TV, f.logits_TV[i]) <= kLogitsFloat32,
                     qPrintable(QString::number(maxError(logits_TV, f.logits_TV[i]))));
        }
    }

    // Every entry, of tables long enough for all threads: a wrong share of one thread would pass as a slightly other
    // model.
    void rotaryTablesAreExact() {
        fm::setThreads(4);
        const ModelFixture f = fixture();
        constexpr std::int64_t kPositions = 8192;
        const fm::Rope rope = fm::makeRope(f.weights.config, kPositions, at::kCPU, at::kFloat);
        const fm::Rope exact = fm::makeRope(f.weights.config, kPositions, at::kCPU, at::kDouble);
        fm::setThreads(1);
        const at::Tensor norm_Td = rope.cos_Td.to(at::kDouble).square() + rope.sin_Td.to(at::kDouble).square();
        QVERIFY((norm_Td - 1).abs().max().item<double>() < 2e-7);
        // Angles of fp32 tables are fp32 numbers: at position t they are off by t times half of the last bit.
        QVERIFY((rope.cos_Td - exact.cos_Td).abs().max().item<double>() < kPositions * 1.2e-7);
        const auto row = exact.cos_Td.accessor<double, 2>();
        const double theta = f.weights.config.rope_theta;
        for (const std::int64_t t : {0, 1, 777, 8191}) {
            if (f.weights.config.rope_scaling) break;  // its frequencies have their own rule
            for (std::int64_t i = 0; i < f.weights.config.head_dim / 2; ++i) {
                const double share = 2.0 * static_cast<double>(i) / static_cast<double>(f.weights.config.head_dim);
                const double expected = std::cos(static_cast<double>(t) * std::pow(theta, -share));
                QVERIFY(std::abs(row[t][i] - expected) < 1e-9);
            }
        }
    }

    // Under no_grad other code runs (in place, stacked weights); with weights that train, yet another.
    void withoutGradientsAndWithTrainableWeights() {
        ModelFixture f = fixture();
        {
            const c10::NoGradGuard no_grad;
            QVERIFY(maxError(wholeLogits(f.weights, f.ids_BT[1]), f.logits_TV[1]) <= kLogitsFloat32);
        }
        fm::forEachTensor(f.weights, [](const std::string&, at::Tensor& tensor) { tensor.requires_grad_(true); });
        const at::Tensor logits_TV = wholeLogits(f.weights, f.ids_BT[1]);
        QVERIFY(maxError(logits_TV.detach(), f.logits_TV[1]) <= kLogitsFloat32);
        logits_TV.sum().backward();
        fm::forEachTensor(f.weights, [](const std::string& name, at::Tensor& tensor) {
            const bool moves = tensor.grad().defined() && tensor.grad().abs().max().item<double>() > 0;
            // a constant added to every key moves no softmax weight; rotation makes it a tiny one
            QVERIFY2(moves || name.ends_with("k_proj.bias"), name.c_str());
        });
    }

    void float64() {
        const ModelFixture f = fixture(at::kDouble);
        const at::Tensor logits_TV = wholeLogits(f.weights, f.ids_BT[1]);
        QCOMPARE(logits_TV.scalar_type(), at::kDouble);
        QVERIFY(maxError(logits_TV, f.logits_TV[1]) <= kLogitsFloat32);
    }

    void bfloat16StaysNear() {
        const ModelFixture f = fixture(at::kBFloat16);
        const at::Tensor logits_TV = wholeLogits(f.weights, f.ids_BT[1]);
        QCOMPARE(logits_TV.scalar_type(), at::kFloat);
        QVERIFY2(maxError(logits_TV, f.logits_TV[1]) <= kLogitsBfloat16,
                 qPrintable(QString::number(maxError(logits_TV, f.logits_TV[1]))));
    }

    // Chunks of 1 decode; 5 and 64 continue with a mask; a small capacity makes the caches grow on the way.
    void inChunks_data() {
        QTest::addColumn<qint64>("chunk");
        QTest::addColumn<qint64>("capacity");
        QTest::newRow("token by token") << qint64{1} << qint64{68};
        QTest::newRow("token by token, growing") << qint64{1} << qint64{1};
        QTest::newRow("fives") << qint64{5} << qint64{68};
        QTest::newRow("long and short, growing") << qint64{64} << qint64{3};
        QTest::newRow("one chunk") << qint64{68} << qint64{68};
    }
    void inChunks() {
        QFETCH(qint64, chunk);
        QFETCH(qint64, capacity);
        const ModelFixture f = fixture();
        for (const bool grad : {false, true}) {
            const c10::AutoGradMode mode(grad);
            const at::Tensor logits_TV = logitsInChunks(f.weights, f.ids_BT[1], chunk, capacity);
            QVERIFY2(maxError(logits_TV, f.logits_TV[1]) <= kLogitsFloat32,
                     qPrintable(QString::number(maxError(logits_TV, f.logits_TV[1]))));
        }
    }

    // Rows of a batch do not see each other.
    void batchRowsAreIndependent() {
        const ModelFixture f = fixture();
        const at::Tensor other_BT = (f.ids_BT[1] + 11).remainder(f.weights.config.vocab_size);
        const at::Tensor logits_BTV = fm::logitsFromHidden(
            f.weights, fm::forwardHidden(fm::teacherModel(f.weights), at::cat({other_BT, f.ids_BT[1]}, 0),
                                         ropeFor(f.weights, f.ids_BT[1].size(1))));
        QVERIFY(maxError(logits_BTV[1], f.logits_TV[1]) <= kLogitsFloat32);
        QVERIFY(maxError(logits_BTV[0], f.logits_TV[1]) > 0.1);
    }

    void greedyContinuation() {
        const ModelFixture f = fixture();
        const std::vector<std::int64_t> ids(f.ids_BT[0].const_data_ptr<std::int64_t>(),
                                            f.ids_BT[0].const_data_ptr<std::int64_t>() + f.ids_BT[0].numel());
        const std::vector<fm::TokenId> prompt(ids.begin(), ids.end());
        const fm::HybridModel model = fm::teacherModel(f.weights);
        std::vector<fm::TokenId> heard;
        const std::vector<fm::TokenId> answer =
            fm::generateGreedy(model, prompt, static_cast<std::int64_t>(f.greedy.size()), {},
                               [&heard](fm::TokenId id) { heard.push_back(id); });
        QCOMPARE(answer, f.greedy);
        QCOMPARE(heard, f.greedy);
        const std::vector<fm::TokenId> stopped =
            fm::generateGreedy(model, prompt, static_cast<std::int64_t>(f.greedy.size()), {f.greedy[3]});
        const std::size_t first_stop =
            static_cast<std::size_t>(std::find(f.greedy.begin(), f.greedy.end(), f.greedy[3]) - f.greedy.begin());
        QCOMPARE(stopped, std::vector<fm::TokenId>(f.greedy.begin(), f.greedy.begin() + first_stop));
    }

    void refusesWhatDoesNotFit() {
        const ModelFixture f = fixture();
        const fm::HybridModel model = fm::teacherModel(f.weights);
        QVERIFY_THROWS_EXCEPTION(fm::InputError, fm::generateGreedy(model, {}, 4, {}));
        QVERIFY_THROWS_EXCEPTION(fm::InputError, fm::generateGreedy(model, {96}, 4, {}));
        QVERIFY_THROWS_EXCEPTION(fm::InputError, fm::generateGreedy(model, {1}, 256, {}));
        QCOMPARE(fm::generateGreedy(model, {1}, 2, {}).size(), std::size_t{2});
    }

    void countsCacheBytes() {
        const ModelFixture f = fixture();
        const fm::HybridModel model = fm::teacherModel(f.weights);
        fm::DecodeState state = fm::makeDecodeState(model, 1, 100);
        QCOMPARE(state.kvBytes(), 0);
        fm::forwardHidden(model, f.ids_BT[0], ropeFor(f.weights, 7), &state);
        const fm::ModelConfig& c = f.weights.config;
        QCOMPARE(state.kvBytes(), c.num_layers * 2 * 7 * c.num_kv_heads * c.head_dim * 4);
        QCOMPARE(state.stateBytes(), 0);
        QCOMPARE(state.position, 7);
    }
};

}  // namespace

QTEST_GUILESS_MAIN(TestDecoderLogits)
#include "test_decoder_logits.moc"
