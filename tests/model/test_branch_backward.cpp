#include "test_branch_support.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <QtTest>

#include "core/model/branch_backward.h"
#include "core/ops/stacked_rows.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::test;

// The hand-written input gradient of a branch.
class TestBranchBackward : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sameForward_data() { addCases(); }
    void sameForward() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        const BranchWeights weights = castTo(randomBranch(spec, config, 21), at::kFloat);
        const at::Tensor x = randomInput(config, 2, 66, 22).to(at::kFloat);
        SavedLinearMixer saved;
        const at::Tensor got = linearMixerForwardSaved(x, weights, spec, config, saved);
        QVERIFY(maxRelativeError(got, oracleMixer(x, weights, spec, config)) < kBranchFloat32);
    }

    // against the oracle's central differences: neither autograd nor product code decides what is right
    void equalsFiniteDifferences_data() { addCases(); }
    void equalsFiniteDifferences() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        const BranchWeights weights = randomBranch(spec, config, 23);
        at::Tensor x = randomInput(config, 1, 66, 24);
        const at::Tensor dy = randomInput(config, 1, 66, 25);
        SavedLinearMixer saved;
        linearMixerForwardSaved(x, weights, spec, config, saved);
        const at::Tensor dx = linearMixerBackward(dy, weights, spec, config, saved);
        const double scale = dx.abs().max().item<double>(), step = 1e-5;
        const std::vector<std::pair<std::int64_t, std::int64_t>> points = {{0, 3}, {31, 0}, {63, 7}, {64, 11}, {65, 5}};
        for (const auto& [token, channel] : points) {
            const auto loss = [&, t = token, c = channel](double shift) {
                at::Tensor moved = x.clone();
                moved[0][t][c] += shift;
                return (oracleMixer(moved, weights, spec, config) * dy).sum().item<double>();
            };
            const double want = (loss(step) - loss(-step)) / (2 * step), got = dx[0][token][channel].item<double>();
            QVERIFY2(std::abs(got - want) < kFiniteDifference * scale,
                     qPrintable(QString("token %1: %2 and %3").arg(token).arg(got).arg(want)));
        }
    }

    void equalsAutograd_data() { addCases(); }
    void equalsAutograd() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kBFloat16}) {
            const BranchWeights exact = randomBranch(spec, config, 27);
            const at::Tensor x = randomInput(config, 2, 130, 28), dy = randomInput(config, 2, 130, 29);
            const at::Tensor leaf = x.clone().requires_grad_();
            const at::Tensor want =
                torch::autograd::grad({linearMixer(leaf, exact, spec, config)}, {leaf}, {dy}).front();
            SavedLinearMixer saved;
            const BranchWeights weights = castTo(exact, dtype);
            linearMixerForwardSaved(x.to(dtype), weights, spec, config, saved);
            const at::Tensor got = linearMixerBackward(dy.to(dtype), weights, spec, config, saved);
            const double bound = dtype == at::kDouble  ? kBranchFloat64
                                 : dtype == at::kFloat ? kBranchGradientFloat32
                                                       : kBranchGradientBfloat16;
            QVERIFY2(maxRelativeError(got, want) < bound,
                     qPrintable(QString("%1: %2").arg(at::toString(dtype)).arg(maxRelativeError(got, want))));
        }
    }

    // Weights that lie one after the other take another path through the products.
    void stackedWeightsGiveTheSame_data() { addCases(); }
    void stackedWeightsGiveTheSame() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        const BranchWeights apart = randomBranch(spec, config, 31);
        const BranchWeights stacked = stackProjections(apart, *spec.kind);
        QVERIFY(stackedRows(projectionMatrices(stacked, *spec.kind)).defined());
        QVERIFY(!stackedRows(projectionMatrices(apart, *spec.kind)).defined());
        const at::Tensor x = randomInput(config, 2, 20, 32), dy = randomInput(config, 2, 20, 33);
        SavedLinearMixer saved_apart, saved_stacked;
        const at::Tensor y = linearMixerForwardSaved(x, apart, spec, config, saved_apart);
        const at::Tensor y_stacked = linearMixerForwardSaved(x, stacked, spec, config, saved_stacked);
        QVERIFY(maxRelativeError(y_stacked, y) < kBranchFloat64);
        QVERIFY(maxRelativeError(linearMixerBackward(dy, stacked, spec, config, saved_stacked),
                                 linearMixerBackward(dy, apart, spec, config, saved_apart)) < kBranchFloat64);
    }

private:
    static void addCases() {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < allBranchCases().size(); ++i)
            QTest::newRow(allBranchCases()[i].name.c_str()) << static_cast<int>(i);
    }
    static BranchCase currentCase() {
        QFETCH(int, index);
        return allBranchCases()[static_cast<std::size_t>(index)];
    }
};

QTEST_GUILESS_MAIN(TestBranchBackward)
#include "test_branch_backward.moc"
