// The pair map against brute force over every pair, the curvature against second differences of the mixed model's KL;
// both computed by the test's own float64 forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <numeric>

#include "core/base/error.h"
#include "core/engine/interact.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 4;

std::vector<Batch> probeBatches() { return {tinyBatch(3, 24, 4, 1, 21), tinyBatch(1, 17, 2, 0, 22)}; }

Plan linearise(const std::vector<int>& layers) {
    Plan plan = planOf(std::string(kLayers, 'F'));
    for (const int layer : layers) plan.kinds[static_cast<std::size_t>(layer)] = LayerKind::Linear;
    return plan;
}

// Mean answer KL of the stream y = a F + (1 - a) L, gates anywhere on the real line.
double mixedKl(const TinyModel& tiny, const std::vector<double>& alpha_L, const std::vector<Batch>& batches) {
    std::vector<double> sequences;  // mean KL of each: all of one task here
    for (const Batch& batch : batches) {
        const ModelConfig& config = tiny.weights.config;
        std::vector<std::int64_t> ids(batch.ids_BT.begin(), batch.ids_BT.end());
        const Rope rope = makeRope(config, batch.tokens, at::kCPU, at::kDouble);
        at::Tensor hidden_BTD = tiny.weights.embed_VD.index_select(0, at::tensor(ids))
                                    .view({batch.batch, batch.tokens, config.hidden_size});
        for (std::size_t l = 0; l < alpha_L.size(); ++l) {
            const LayerWeights& w = tiny.weights.layers[l];
            const at::Tensor normed_BTD = rmsNorm(hidden_BTD, w.attn_norm_D, config.rms_norm_eps);
            const at::Tensor full = softmaxMixer(normed_BTD, w.attn, config, rope);
            const at::Tensor linear = linearMixer(normed_BTD, tiny.branches.layers[l], tiny.branches.spec, config);
            hidden_BTD = hidden_BTD + alpha_L[l] * full + (1 - alpha_L[l]) * linear;
            hidden_BTD = hidden_BTD + swigluMlp(rmsNorm(hidden_BTD, w.mlp_norm_D, config.rms_norm_eps), w.mlp);
        }
        const at::Tensor logits_NV =
            rmsNorm(hidden_BTD, tiny.weights.final_norm_D, config.rms_norm_eps).matmul(tiny.weights.head_VD.t());
        const at::Tensor log_q = at::log_softmax(logits_NV.view({-1, config.vocab_size}), -1);
        const auto teacher = oracleLogits(tiny.weights, tiny.branches, linearise({}), batch);
        for (std::int32_t b = 0; b < batch.batch; ++b) {
            double sum = 0, rows = 0;
            for (std::int32_t i = b * batch.tokens; i + 1 < (b + 1) * batch.tokens; ++i) {
                if (batch.answer_BT[static_cast<std::size_t>(i) + 1] == 0) continue;
                const double* row = log_q.const_data_ptr<double>() + i * config.vocab_size;
                sum += klOf(logSoftmax(teacher[static_cast<std::size_t>(i)]), {row, row + config.vocab_size});
                ++rows;
            }
            if (rows > 0) sequences.push_back(sum / rows);
        }
    }
    return std::accumulate(sequences.begin(), sequences.end(), 0.0) / static_cast<double>(sequences.size());
}

}  // namespace

class TestInteract : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void pairMapIsBruteForce();
    void someLayersOnly();
    void curvatureIsTheSecondDerivative_data();
    void curvatureIsTheSecondDerivative();
    void layersThatAreNotThereAreRefused();

private:
    InteractResult run(JobHarness& harness, const InteractSpec& spec, const std::string& plan) {
        InteractInputs inputs;
        inputs.weights = &tiny_.weights;
        inputs.branches = &tiny_.branches;
        inputs.probe = std::make_shared<ProbeSet>(tiny_.weights, batches_);
        inputs.plan = planOf(plan);
        return runInteract(spec, inputs, harness.context);
    }
    double f(const std::vector<int>& layers) const {
        return oracleScores(tiny_.weights, tiny_.branches, linearise(layers), batches_).answer_kl;
    }

    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble);
    std::vector<Batch> batches_ = probeBatches();
};

void TestInteract::pairMapIsBruteForce() {
    JobHarness harness(interactTables(kLayers));
    InteractSpec spec;
    spec.curvature = false;
    const InteractResult result = run(harness, spec, "FFFF");
    QCOMPARE(result.layers, (std::vector<int>{0, 1, 2, 3}));
    QCOMPARE(result.base, 0.0);
    QVERIFY(result.curvature.empty());
    double strongest = 0;
    for (int i = 0; i < kLayers; ++i) {
        QVERIFY(near(result.single[static_cast<std::size_t>(i)], f({i}), kPlanScores));
        for (int j = 0; j < kLayers; ++j) {
            const double expected = i == j ? 0 : f({i, j}) - f({i}) - f({j});
            QVERIFY(near(result.pair[static_cast<std::size_t>(i * kLayers + j)], expected, 4 * kPlanScores));
            strongest = std::max(strongest, std::abs(expected));
        }
    }
    QVERIFY(strongest > 1e-3);  // or nothing was tested

    QCOMPARE(harness.cells<std::int64_t>(0, "interact/layer"), (std::vector<std::int64_t>{0, 1, 2, 3}));
    QCOMPARE(harness.numbers(0, "interact/single"), result.single);
    const std::vector<double> first = harness.numbers(1, "interact/first"),
                              second = harness.numbers(1, "interact/second"),
                              both = harness.numbers(1, "interact/both"), extra = harness.numbers(1, "interact/extra");
    QCOMPARE(first.size(), std::size_t{6});
    for (std::size_t row = 0; row < first.size(); ++row) {
        const int i = static_cast<int>(first[row]), j = static_cast<int>(second[row]);
        QVERIFY(near(both[row], f({i, j}), kPlanScores));
        QCOMPARE(extra[row], result.pair[static_cast<std::size_t>(i * kLayers + j)]);
    }
}

void TestInteract::someLayersOnly() {
    JobHarness harness(interactTables(kLayers));
    InteractSpec spec;
    spec.curvature = false;
    spec.pair_layers = {3, 1};
    const InteractResult result = run(harness, spec, "FFFF");
    QCOMPARE(result.layers, (std::vector<int>{3, 1}));
    QVERIFY(near(result.single[0], f({3}), kPlanScores));
    QVERIFY(near(result.pair[1], f({1, 3}) - f({1}) - f({3}), 4 * kPlanScores));
    QCOMPARE(harness.rows(1).size(), std::size_t{1});
}

void TestInteract::curvatureIsTheSecondDerivative_data() {
    QTest::addColumn<QString>("plan");
    for (const char* plan : {"FFFF", "LLLL", "FLLF"}) QTest::newRow(plan) << QString(plan);
}

void TestInteract::curvatureIsTheSecondDerivative() {
    QFETCH(QString, plan);
    JobHarness harness(interactTables(kLayers));
    InteractSpec spec;
    spec.pair_layers = {0};
    spec.curvature_step = 1e-4;
    const InteractResult result = run(harness, spec, plan.toStdString());
    QCOMPARE(result.curvature.size(), std::size_t{kLayers * kLayers});
    std::vector<double> alpha_L;
    for (const char kind : plan.toStdString()) alpha_L.push_back(kind == 'F' ? 1 : 0);
    constexpr double kStep = 2e-4;
    const auto at = [&](std::size_t i, double di, std::size_t j, double dj) {
        std::vector<double> moved = alpha_L;
        moved[i] += di * kStep;
        moved[j] += dj * kStep;
        return mixedKl(tiny_, moved, batches_);
    };
    double largest = 0;
    for (const double value : result.curvature) largest = std::max(largest, std::abs(value));
    QVERIFY(largest > 1e-2);
    for (std::size_t i = 0; i < kLayers; ++i) {
        for (std::size_t j = i; j < kLayers; ++j) {
            const double expected =
                i == j ? (at(i, 1, j, 0) - 2 * at(i, 0, j, 0) + at(i, -1, j, 0)) / (kStep * kStep)
                       : (at(i, 1, j, 1) - at(i, 1, j, -1) - at(i, -1, j, 1) + at(i, -1, j, -1)) / (4 * kStep * kStep);
            QVERIFY2(near(result.curvature[i * kLayers + j], expected, kCurvature * largest),
                     qPrintable(QString("%1 %2: %3 against %4")
                                    .arg(i)
                                    .arg(j)
                                    .arg(result.curvature[i * kLayers + j])
                                    .arg(expected)));
            QCOMPARE(result.curvature[i * kLayers + j], result.curvature[j * kLayers + i]);
        }
    }
    QCOMPARE(harness.cells<std::string>(2, "interact/plan"), (std::vector<std::string>(kLayers, plan.toStdString())));
    QCOMPARE(harness.cells<std::vector<float>>(2, "interact/curvature")[1][2],
             static_cast<float>(result.curvature[kLayers + 2]));
}

void TestInteract::layersThatAreNotThereAreRefused() {
    for (const std::vector<int>& layers : {std::vector<int>{0, 4}, std::vector<int>{1, 1}}) {
        JobHarness harness(interactTables(kLayers));
        InteractSpec spec;
        spec.pair_layers = layers;
        QVERIFY_EXCEPTION_THROWN(run(harness, spec, "FFFF"), InputError);
        QVERIFY(harness.sink.rows.empty());
    }
}

QTEST_GUILESS_MAIN(TestInteract)
#include "test_interact.moc"
