// The gate engine against oracles it does not contain: central finite differences of the forward pass in float64, the
// plain model's forward pass, and the closed form of the separable loss.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <cmath>

#include "core/engine/gate_objective.h"
#include "core/engine/gate_optimizer.h"
#include "core/engine/gate_step.h"
#include "core/engine/tensor_util.h"
#include "core/model/device.h"
#include "core/model/morphable_model.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

struct Setting {
    FullSource source;
    ObjectiveWeights weights;
};

double lossAt(const MorphableModel& model, const ObjectiveWeights& weights, const Batch& batch,
              const std::vector<double>& alpha_L, std::vector<double>* grad_L,
              RowAverage average = RowAverage::Sequences) {
    const at::Tensor ids_BT = idsTensor(batch, at::kCPU);
    const GateRows rows = gateRows(batch, 3, average);
    const at::Tensor rows_N = indexTensor(rows.answer, at::kCPU);
    const Rope rope =
        makeRope(model.weights->config, batch.tokens, at::kCPU, model.weights->final_norm_D.scalar_type());
    MorphableTape tape = morphableForward(model, alpha_L, ids_BT, rows_N, rope);
    ObjectiveGradient gradient;
    const ObjectiveValue value = gateObjective(model, tape, rows, weights, gradient);
    if (grad_L != nullptr) {
        const at::Tensor g =
            morphableBackward(model, alpha_L, tape, gradient.dpost_rows_ND, gradient.dhidden_BTD, rows_N, rope).sum(0);
        grad_L->assign(g.const_data_ptr<double>(), g.const_data_ptr<double>() + g.numel());
    }
    return value.total;
}

}  // namespace

class TestGateGradient : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }  // threads that wait for each other cost more than these sizes
    void finiteDifferences_data() {
        QTest::addColumn<int>("source");
        QTest::addColumn<int>("kind");
        QTest::addColumn<double>("scale_free");
        QTest::addColumn<double>("text");
        QTest::addColumn<bool>("qk_norm");
        QTest::addColumn<int>("branch_kind");
        for (const int source : {0, 1}) {
            const QByteArray name = source == 0 ? "teacher-sourced " : "mixed ";
            QTest::newRow((name + "hidden").constData()) << source << 0 << 0.0 << 0.0 << true << 0;
            QTest::newRow((name + "scale-free").constData()) << source << 1 << 0.0 << 0.0 << false << 0;
            QTest::newRow((name + "kl+text").constData()) << source << 2 << 0.0 << 0.3 << true << 0;
            for (int kind = 1; kind < static_cast<int>(mixers().size()); ++kind)
                QTest::newRow((name + "kl+scale-free " + mixers()[kind]->name).constData())
                    << source << 2 << 0.7 << 0.0 << false << kind;
        }
    }
    void finiteDifferences() {
        QFETCH(int, source);
        QFETCH(int, kind);
        QFETCH(double, scale_free);
        QFETCH(double, text);
        QFETCH(bool, qk_norm);
        QFETCH(int, branch_kind);
        BranchSpec spec;
        spec.kind = mixers()[static_cast<std::size_t>(branch_kind)];
        const TinyModel tiny = tinyModel(3, at::kDouble, qk_norm, spec);
        const MorphableModel model{&tiny.weights, &tiny.branches, static_cast<FullSource>(source), true};
        const ObjectiveWeights weights{static_cast<AlignKind>(kind), scale_free, text};
        const Batch batch = tinyBatch(3, 21, 4, text > 0 ? 1 : 0, 5);
        const std::vector<double> alpha_L = {0.8, 0.35, 0.6};
        std::vector<double> grad_L;
        lossAt(model, weights, batch, alpha_L, &grad_L);
        for (int l = 0; l < 3; ++l) {
            const double h = 1e-5;
            std::vector<double> up = alpha_L, down = alpha_L;
            up[l] += h;
            down[l] -= h;
            const double difference =
                (lossAt(model, weights, batch, up, nullptr) - lossAt(model, weights, batch, down, nullptr)) / (2 * h);
            const double error = std::abs(difference - grad_L[l]) / std::max(1e-3, std::abs(difference));
            QVERIFY2(
                error <= kGateGradient,
                qPrintable(
                    QString("layer %1: %2 against %3").arg(l).arg(grad_L[l], 0, 'g', 12).arg(difference, 0, 'g', 12)));
        }
    }

    // A passkey of 9 answer rows beside a needle of 2: each row alike, or each sequence alike, and the gradients of
    // both.
    void longAnswersWeighAsTheAverageSays() {
        const TinyModel tiny = tinyModel(3, at::kDouble);
        const MorphableModel model{&tiny.weights, &tiny.branches, FullSource::Mixed, true};
        Batch batch = tinyBatch(2, 21, 9, 0, 5);
        for (std::int32_t t = 12; t < 19; ++t) batch.answer_BT[static_cast<std::size_t>(21 + t)] = 0;
        const std::vector<double> alpha_L = {0.8, 0.35, 0.6};
        const auto alone = [&](std::int32_t b) {
            Batch one = batch;
            for (std::int32_t t = 0; t < 21; ++t) one.answer_BT[static_cast<std::size_t>((1 - b) * 21 + t)] = 0;
            return one;
        };
        for (const AlignKind kind : {AlignKind::Hidden, AlignKind::Kl}) {
            const ObjectiveWeights weights{kind, 0, 0};
            const double longer = lossAt(model, weights, alone(0), alpha_L, nullptr);
            const double shorter = lossAt(model, weights, alone(1), alpha_L, nullptr);
            for (const RowAverage average : {RowAverage::Sequences, RowAverage::Rows}) {
                const double share = average == RowAverage::Rows ? 9.0 / 11 : 0.5;
                std::vector<double> grad_L;
                const double loss = lossAt(model, weights, batch, alpha_L, &grad_L, average);
                QVERIFY(std::abs(loss - share * longer - (1 - share) * shorter) < 1e-11 * std::max(1.0, longer));
                const double h = 1e-5;
                std::vector<double> up = alpha_L, down = alpha_L;
                up[1] += h, down[1] -= h;
                const double difference = (lossAt(model, weights, batch, up, nullptr, average) -
                                           lossAt(model, weights, batch, down, nullptr, average)) /
                                          (2 * h);
                QVERIFY(std::abs(difference - grad_L[1]) <= kGateGradient * std::max(1e-3, std::abs(difference)));
            }
        }
    }

    void gatesAtTheEndsAreTheModels() {
        const c10::NoGradGuard no_grad;
        const TinyModel tiny = tinyModel(4, at::kFloat);
        const Batch batch = tinyBatch(2, 33, 5, 0, 3);
        const at::Tensor ids_BT = idsTensor(batch, at::kCPU);
        const at::Tensor rows_N = indexTensor(gateRows(batch, 4).answer, at::kCPU);
        const Rope rope = makeRope(tiny.weights.config, 33, at::kCPU, at::kFloat);
        HybridModel linear{&tiny.weights, &tiny.branches, {}};
        linear.plan.kinds.assign(4, LayerKind::Linear);
        for (const FullSource source : {FullSource::Teacher, FullSource::Mixed}) {
            const MorphableModel model{&tiny.weights, &tiny.branches, source, true};
            const MorphableTape open = morphableForward(model, {1, 1, 1, 1}, ids_BT, rows_N, rope);
            QVERIFY(at::equal(open.mixed_hidden_BTD, forwardHidden(teacherModel(tiny.weights), ids_BT, rope)));
            QVERIFY(at::equal(open.mixed_hidden_BTD, open.teacher_hidden_BTD));
            const MorphableTape closed = morphableForward(model, {0, 0, 0, 0}, ids_BT, rows_N, rope);
            QVERIFY(at::allclose(closed.mixed_hidden_BTD, forwardHidden(linear, ids_BT, rope), kSameForwardFloat32,
                                 kSameForwardFloat32));
        }
    }

    // With propagation off the loss is sum_l (1 - a_l)^2 e_l / L + lambda a_l, so the gates must reach its minimum.
    void separableModeReachesTheClosedForm() {
        const TinyModel tiny = tinyModel(4, at::kDouble);
        const MorphableModel model{&tiny.weights, &tiny.branches, FullSource::Teacher, false};
        const Batch batch = tinyBatch(2, 24, 6, 0, 9);
        const std::vector<double> error_L = localErrors(tiny.weights, tiny.branches, batch, false);
        double mean = 0;
        for (const double e : error_L) mean += e / 4;
        const double lambda = mean / 4;  // leaves some gates open and some closed
        GateOptimizer optimizer(4);
        for (int step = 0; step < 3000; ++step) {
            std::vector<double> grad_L;
            lossAt(model, {AlignKind::Hidden, 0, 0}, batch, optimizer.alpha(), &grad_L);
            for (double& g : grad_L) g += lambda;
            optimizer.step(grad_L, trapezoidRate(step, 3000, 5e-3, 1e-5));
        }
        for (int l = 0; l < 4; ++l) {
            const double expected = std::clamp(1 - lambda * 4 / (2 * error_L[l]), 0.0, 1.0);
            QVERIFY2(
                std::abs(optimizer.alpha()[l] - expected) <= kClosedFormGate,
                qPrintable(QString("layer %1: %2, closed form %3").arg(l).arg(optimizer.alpha()[l]).arg(expected)));
        }
    }

    void closedFormLambdaHoldsTheBudget() {
        const std::vector<double> error_L = {0.1, 5, 20, 1, 9};
        for (const int budget : {1, 2, 3}) {
            const std::vector<double> alpha_L = closedFormGates(error_L, closedFormLambda(error_L, budget));
            double sum = 0;
            for (const double a : alpha_L) sum += a;
            QVERIFY(std::abs(sum - budget) < 1e-6);
        }
    }

    // 0.1 at step 0, 1 from 20 to 80 %, 0.1 at the end.
    void trapezoid() {
        QCOMPARE(trapezoidRate(0, 1000, 2e-2, 2e-3), 2e-3);
        QCOMPARE(trapezoidRate(200, 1000, 2e-2, 2e-3), 2e-2);
        QCOMPARE(trapezoidRate(799, 1000, 2e-2, 2e-3), 2e-2);
        QCOMPARE(trapezoidRate(999, 1000, 2e-2, 2e-3), 2e-3);
    }
};

QTEST_GUILESS_MAIN(TestGateGradient)
#include "test_gate_gradient.moc"
