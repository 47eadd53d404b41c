#include "test_branch_support.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <QtTest>

#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::test;

// linearMixer against the token-by-token oracle, in every form and precision.
class TestBranchForward : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsOracle_data() { addCases(); }
    void equalsOracle() {
        const BranchCase which = currentCase();
        const ModelConfig config = smallConfig();
        const BranchSpec spec = specOf(which);
        const BranchWeights weights = randomBranch(spec, config, 3);
        // 70 tokens: one whole chunk and a ragged one
        for (const std::int64_t tokens : {1, 63, 64, 70}) {
            const at::Tensor x = randomInput(config, 2, tokens, 4);
            const at::Tensor want = oracleMixer(x, weights, spec, config);
            QVERIFY(maxRelativeError(linearMixer(x, weights, spec, config), want) < kBranchFloat64);
            const at::Tensor got32 = linearMixer(x.to(at::kFloat), castTo(weights, at::kFloat), spec, config);
            QVERIFY(got32.scalar_type() == at::kFloat);
            QVERIFY(maxRelativeError(got32, want) < kBranchFloat32);
        }
    }

    void bf16StaysClose_data() { addCases(); }
    void bf16StaysClose() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        const BranchWeights weights = randomBranch(spec, config, 5);
        const at::Tensor x = randomInput(config, 1, 40, 6);
        const at::Tensor got = linearMixer(x.to(at::kBFloat16), castTo(weights, at::kBFloat16), spec, config);
        QVERIFY(got.scalar_type() == at::kBFloat16);
        QVERIFY(maxRelativeError(got, oracleMixer(x, weights, spec, config)) < kBranchBfloat16);
    }

    void decodeEqualsWholeSequence_data() { addCases(); }
    void decodeEqualsWholeSequence() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
            const BranchWeights weights = castTo(randomBranch(spec, config, 7), dtype);
            const at::Tensor x = randomInput(config, 2, 75, 8).to(dtype);
            const at::Tensor want = oracleMixer(x, weights, spec, config);
            // a prompt, a second piece, then single tokens
            BranchState state;
            std::vector<at::Tensor> pieces;
            pieces.push_back(linearMixer(x.narrow(1, 0, 66), weights, spec, config, &state));
            pieces.push_back(linearMixer(x.narrow(1, 66, 3), weights, spec, config, &state));
            for (std::int64_t t = 69; t < 75; ++t)
                pieces.push_back(linearMixer(x.narrow(1, t, 1), weights, spec, config, &state));
            const double bound = dtype == at::kDouble ? kBranchFloat64 : kBranchFloat32;
            QVERIFY(maxRelativeError(at::cat(pieces, 1), want) < bound);
        }
    }

    // The CPU kernels have scratch for heads of up to 256 channels: wider ones go another way, to the same numbers.
    void headsWiderThanTheKernels_data() { addCases(); }
    void headsWiderThanTheKernels() {
        const BranchSpec spec = specOf(currentCase());
        for (const std::int64_t head_dim : {256, 257, 320}) {
            ModelConfig config = smallConfig();
            config.head_dim = head_dim;
            config.num_heads = 2;
            config.num_kv_heads = 1;
            const BranchWeights weights = castTo(randomBranch(spec, config, 13), at::kFloat);
            const at::Tensor x = randomInput(config, 1, 20, 14).to(at::kFloat);
            const at::Tensor want = oracleMixer(x, weights, spec, config);
            BranchState state;
            const at::Tensor prompt = linearMixer(x.narrow(1, 0, 19), weights, spec, config, &state);
            const at::Tensor last = linearMixer(x.narrow(1, 19, 1), weights, spec, config, &state);
            QVERIFY(maxRelativeError(at::cat({prompt, last}, 1), want) < kBranchFloat32);
        }
    }

    // What stands behind a token, or in the sequence beside it, must not reach it.
    void paddingDoesNotLeak_data() { addCases(); }
    void paddingDoesNotLeak() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        const BranchWeights weights = castTo(randomBranch(spec, config, 9), at::kFloat);
        const at::Tensor x = randomInput(config, 2, 50, 10).to(at::kFloat);
        at::Tensor changed = x.clone();
        changed[0].narrow(0, 31, 19).fill_(1e4);
        changed[1].fill_(-3);
        const at::Tensor before = linearMixer(x, weights, spec, config)[0].narrow(0, 0, 31);
        const at::Tensor after = linearMixer(changed, weights, spec, config)[0].narrow(0, 0, 31);
        QVERIFY(at::equal(before, after));
    }

    // Repeating whole K/V heads into the weights must change nothing; repeating rows would.
    void groupedEqualsExpanded_data() { addCases(/*grouped_only=*/true); }
    void groupedEqualsExpanded() {
        const BranchCase which = currentCase();
        const ModelConfig config = smallConfig();
        BranchSpec spec = specOf(which);
        BranchWeights weights = randomBranch(spec, config, 11);
        const at::Tensor x = randomInput(config, 2, 20, 12);
        const at::Tensor grouped = linearMixer(x, weights, spec, config);
        spec.expanded_kv = true;
        for (at::Tensor* matrix : {&weights.k_OD, &weights.v_OD}) {
            const at::Tensor first = matrix->narrow(0, 0, 6), second = matrix->narrow(0, 6, 6);
            *matrix = at::cat({first, first, second, second});
        }
        QVERIFY(at::equal(linearMixer(x, weights, spec, config), grouped));
    }

    // autograd's weight gradients against central differences
    void weightGradients_data() { addCases(); }
    void weightGradients() {
        const BranchSpec spec = specOf(currentCase());
        const ModelConfig config = smallConfig();
        BranchSet set{spec, "", "", {randomBranch(spec, config, 13)}};
        const at::Tensor x = randomInput(config, 1, 67, 14);
        const at::Tensor weigh = randomInput(config, 1, 67, 15);
        const auto loss = [&] { return (linearMixer(x, set.layers[0], spec, config) * weigh).sum(); };
        std::vector<at::Tensor> leaves;
        forEachTrainable(set, [&leaves](const std::string&, at::Tensor& tensor) {
            tensor.requires_grad_();
            leaves.push_back(tensor);
        });
        const std::vector<at::Tensor> grads = torch::autograd::grad({loss()}, leaves);
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            at::Tensor flat = leaves[i].view({-1});
            const std::int64_t element = flat.numel() / 2;
            const double value = flat[element].item<double>(), step = 1e-5;
            flat[element] = value + step;
            const double above = loss().item<double>();
            flat[element] = value - step;
            const double below = loss().item<double>();
            flat[element] = value;
            const double want = (above - below) / (2 * step), got = grads[i].view({-1})[element].item<double>();
            const double scale = grads[i].abs().max().item<double>();
            QVERIFY2(std::abs(got - want) < kFiniteDifference * scale,
                     qPrintable(QString("tensor %1: %2 and %3").arg(i).arg(got).arg(want)));
        }
    }

private:
    static void addCases(bool grouped_only = false) {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < allBranchCases().size(); ++i)
            if (!grouped_only || !allBranchCases()[i].expanded_kv)
                QTest::newRow(allBranchCases()[i].name.c_str()) << static_cast<int>(i);
    }
    static BranchCase currentCase() {
        QFETCH(int, index);
        return allBranchCases()[static_cast<std::size_t>(index)];
    }
};

QTEST_GUILESS_MAIN(TestBranchForward)
#include "test_branch_forward.moc"
