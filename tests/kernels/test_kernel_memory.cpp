// What the recurrences are for, in cases whose result is known without a reference: storing and reading back values,
// forgetting, plain causal attention, and which parts of memory a call may touch.
#include <QtTest>

#include <cmath>
#include <limits>

#include "kernels/cpu/kernel_problem.h"
#include "kernels/cpu/lightning.h"
#include "tests/kernels/kernel_paths.h"
#include "tests/support/tolerances.h"

using namespace fm::kernels;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
using Floats = std::vector<float>;

// Writes value t under unit key t, then reads all of them back in the second half.
KernelProblem storeThenRead(std::int64_t dim, std::int64_t dv) {
    KernelProblem problem = makeKernelProblem(1, 2 * dim, 1, dim, dv, {.with_states = false});
    problem.shape.scale = 1;
    std::fill(problem.g_BTH.begin(), problem.g_BTH.end(), 0.0F);
    std::fill(problem.k_BTHk.begin(), problem.k_BTHk.end(), 0.0F);
    std::fill(problem.q_BTHk.begin(), problem.q_BTHk.end(), 0.0F);
    problem.log_decay_H = {0};
    for (std::int64_t t = 0; t < 2 * dim; ++t) {
        const std::int64_t slot = t % dim;
        const bool writes = t < dim;
        problem.beta_BTH[static_cast<std::size_t>(t)] = writes ? 1.0F : 0.0F;
        (writes ? problem.k_BTHk : problem.q_BTHk)[static_cast<std::size_t>(t * dim + slot)] = 1;
    }
    return problem;
}

}  // namespace

class TestKernelMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pathNames() {
        QCOMPARE(toString(KernelPath::Scalar), "scalar");
        QCOMPARE(toString(KernelPath::Avx2), "avx2");
        QCOMPARE(toString(KernelPath::Avx512), "avx512");
        for (const KernelPath path : availablePaths()) {
            QVERIFY(setKernelPath(path));
            QCOMPARE(kernelPath(), path);
        }
    }

    void storesAndReturnsExactly_data() { addPaths(); }
    void storesAndReturnsExactly() {
        usePath();
        for (const std::int64_t dim : {7, 16, 64}) {
            const KernelProblem problem = storeThenRead(dim, 40);
            for (const KernelOutputs<float>& out : {runGdn(problem), runGdnDecode(problem), runLightning(problem)}) {
                const Floats read(out.o.begin() + dim * 40, out.o.end());
                const Floats written(problem.v_BTHv.begin(), problem.v_BTHv.begin() + dim * 40);
                QCOMPARE(read, written);
            }
        }
    }

    // The delta rule replaces what a key held; plain linear attention adds to it.
    void overwritesOneKey_data() { addPaths(); }
    void overwritesOneKey() {
        usePath();
        KernelProblem problem = storeThenRead(16, 16);
        std::fill(problem.k_BTHk.begin(), problem.k_BTHk.end(), 0.0F);
        for (std::int64_t t = 0; t < 16; ++t) problem.k_BTHk[static_cast<std::size_t>(t * 16)] = 1;
        const KernelOutputs<float> gdn = runGdn(problem);
        const KernelOutputs<float> lightning = runLightning(problem);
        for (std::size_t j = 0; j < 16; ++j) {
            const double last = problem.v_BTHv[15 * 16 + j];
            double sum = 0;
            for (std::size_t t = 0; t < 16; ++t) sum += problem.v_BTHv[t * 16 + j];
            QVERIFY(std::abs(gdn.o[16 * 16 + j] - last) <= 1e-5);
            QVERIFY(std::abs(lightning.o[16 * 16 + j] - sum) <= 1e-5);
        }
    }

    void infiniteDecayForgets_data() { addPaths(); }
    void infiniteDecayForgets() {
        usePath();
        KernelProblem problem = makeKernelProblem(1, 45, 1, 16, 24, {});
        constexpr std::int64_t kReset = 21;
        problem.g_BTH[kReset] = -std::numeric_limits<float>::infinity();
        const KernelOutputs<float> whole = runGdn(problem);
        KernelProblem tail = problem;
        tail.shape.tokens = 45 - kReset;
        tail.initial_state_BHkv.clear();
        tail.q_BTHk.erase(tail.q_BTHk.begin(), tail.q_BTHk.begin() + kReset * 16);
        tail.k_BTHk.erase(tail.k_BTHk.begin(), tail.k_BTHk.begin() + kReset * 16);
        tail.v_BTHv.erase(tail.v_BTHv.begin(), tail.v_BTHv.begin() + kReset * 24);
        tail.do_BTHv.erase(tail.do_BTHv.begin(), tail.do_BTHv.begin() + kReset * 24);
        tail.g_BTH.erase(tail.g_BTH.begin(), tail.g_BTH.begin() + kReset);
        tail.beta_BTH.erase(tail.beta_BTH.begin(), tail.beta_BTH.begin() + kReset);
        tail.g_BTH[0] = 0;  // nothing to decay
        const KernelOutputs<double> fresh = runGdnRef(tail);
        for (std::size_t i = 0; i < fresh.o.size(); ++i) {
            QVERIFY(std::abs(whole.o[kReset * 24 + i] - fresh.o[i]) <= 1e-5);
        }
        for (const OutputError& error : compareOutputs(whole, runGdnRef(problem))) {
            QVERIFY2(error.relative_l2 <= kKernelGradient, error.output.c_str());
        }
        KernelProblem other_end = problem;
        for (float& value : other_end.dfinal_state_BHkv) value *= -3;
        QCOMPARE(runGdn(other_end).dinitial_state, whole.dinitial_state);  // nor does a gradient pass
    }

    void noDecayIsCausalAttention_data() { addPaths(); }
    void noDecayIsCausalAttention() {
        usePath();
        KernelProblem problem = makeKernelProblem(1, 70, 1, 12, 20, {.with_states = false});
        problem.log_decay_H = {0};
        const KernelOutputs<float> out = runLightning(problem);
        const auto score = [&](std::size_t i, std::size_t j) {
            double sum = 0;
            for (std::size_t c = 0; c < 12; ++c) {
                sum += static_cast<double>(problem.q_BTHk[i * 12 + c]) * problem.k_BTHk[j * 12 + c];
            }
            return problem.shape.scale * sum;
        };
        for (std::size_t i = 0; i < 70; ++i) {
            for (std::size_t c = 0; c < 20; ++c) {
                double expected = 0;
                for (std::size_t j = 0; j <= i; ++j) expected += score(i, j) * problem.v_BTHv[j * 20 + c];
                QVERIFY(std::abs(out.o[i * 20 + c] - expected) <= 1e-5);
            }
        }
    }

    // A call writes the pairs of its range and nothing else.
    void rangeWritesOnlyItsPairs_data() { addPaths(); }
    void rangeWritesOnlyItsPairs() {
        usePath();
        const KernelProblem problem = makeKernelProblem(2, 19, 3, 6, 10, {});
        const KernelOutputs<float> all = runGdn(problem);
        Floats o(all.o.size(), kNaN);
        Floats final_state(all.final_state.size(), kNaN);
        GdnForward args;
        args.shape = problem.shape;
        args.q_BTHk = problem.q_BTHk.data();
        args.k_BTHk = problem.k_BTHk.data();
        args.v_BTHv = problem.v_BTHv.data();
        args.g_BTH = problem.g_BTH.data();
        args.beta_BTH = problem.beta_BTH.data();
        args.initial_state_BHkv = problem.initial_state_BHkv.data();
        args.o_BTHv = o.data();
        args.final_state_BHkv = final_state.data();
        gdnForward(args, 2, 4);  // heads 2 of sequence 0 and 0 of sequence 1
        for (std::size_t i = 0; i < o.size(); ++i) {
            const std::size_t head = i / 10 % 3;
            const std::size_t sequence = i / (19 * 3 * 10);
            const std::size_t pair = sequence * 3 + head;
            QVERIFY(pair == 2 || pair == 3 ? o[i] == all.o[i] : std::isnan(o[i]));
        }
        for (std::size_t i = 0; i < final_state.size(); ++i) {
            const std::size_t pair = i / 60;
            QVERIFY(pair == 2 || pair == 3 ? final_state[i] == all.final_state[i] : std::isnan(final_state[i]));
        }
    }

private:
    void addPaths() {
        QTest::addColumn<int>("path");
        for (const KernelPath path : availablePaths()) QTest::newRow(toString(path)) << static_cast<int>(path);
    }
    void usePath() {
        QFETCH(int, path);
        QVERIFY(setKernelPath(static_cast<KernelPath>(path)));
    }
};

QTEST_GUILESS_MAIN(TestKernelMemory)
#include "test_kernel_memory.moc"
