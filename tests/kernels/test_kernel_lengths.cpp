// Padding never leaks: a ragged batch gives what each sequence gives alone, whatever stands in the padding.
#include <QtTest>

#include <limits>

#include "kernels/cpu/kernel_problem.h"
#include "tests/kernels/kernel_paths.h"

using namespace fm::kernels;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
using Floats = std::vector<float>;

Floats slice(const Floats& values, std::int64_t first, std::int64_t count) {
    return Floats(values.begin() + first, values.begin() + first + count);
}

// Sequence b of a batch with only the tokens that count.
KernelProblem alone(const KernelProblem& batch, std::int64_t b) {
    const LinearShape& shape = batch.shape;
    const std::int64_t tokens = batch.lengths_B[static_cast<std::size_t>(b)];
    const auto rows = [&](const Floats& values, std::int64_t dim) {
        return slice(values, b * shape.tokens * shape.heads * dim, tokens * shape.heads * dim);
    };
    const std::int64_t state = shape.heads * shape.dk * shape.dv;
    KernelProblem one;
    one.shape = shape;
    one.shape.batch = 1;
    one.shape.tokens = tokens;
    one.q_BTHk = rows(batch.q_BTHk, shape.dk);
    one.k_BTHk = rows(batch.k_BTHk, shape.dk);
    one.v_BTHv = rows(batch.v_BTHv, shape.dv);
    one.g_BTH = rows(batch.g_BTH, 1);
    one.beta_BTH = rows(batch.beta_BTH, 1);
    one.do_BTHv = rows(batch.do_BTHv, shape.dv);
    one.log_decay_H = batch.log_decay_H;
    one.initial_state_BHkv = slice(batch.initial_state_BHkv, b * state, state);
    one.dfinal_state_BHkv = slice(batch.dfinal_state_BHkv, b * state, state);
    return one;
}

void poisonPadding(KernelProblem& problem) {
    const LinearShape& shape = problem.shape;
    for (std::int64_t b = 0; b < shape.batch; ++b) {
        for (std::int64_t t = problem.lengths_B[static_cast<std::size_t>(b)]; t < shape.tokens; ++t) {
            const std::int64_t row = (b * shape.tokens + t) * shape.heads;
            const auto fill = [&](Floats& values, std::int64_t dim) {
                std::fill_n(values.begin() + row * dim, shape.heads * dim, kNaN);
            };
            fill(problem.q_BTHk, shape.dk);
            fill(problem.k_BTHk, shape.dk);
            fill(problem.v_BTHv, shape.dv);
            fill(problem.g_BTH, 1);
            fill(problem.beta_BTH, 1);
            fill(problem.do_BTHv, shape.dv);
        }
    }
}

// Rows of sequence b: equal to `expected` as far as it goes, 0 after.
void compareRows(const Floats& batch, const Floats& expected, std::int64_t first, std::int64_t count,
                 const char* name) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float value = batch[static_cast<std::size_t>(first + i)];
        const bool counts = i < static_cast<std::int64_t>(expected.size());
        const float wanted = counts ? expected[static_cast<std::size_t>(i)] : 0.0F;
        if (value == wanted) continue;
        QFAIL(qPrintable(QString("%1[%2]: %3, not %4").arg(name).arg(i).arg(value).arg(wanted)));
    }
}

void compareSequence(const KernelOutputs<float>& batch, const KernelOutputs<float>& one, const LinearShape& shape,
                     std::int64_t b) {
    const std::int64_t rows = shape.tokens * shape.heads;
    const std::int64_t state = shape.heads * shape.dk * shape.dv;
    compareRows(batch.o, one.o, b * rows * shape.dv, rows * shape.dv, "o");
    compareRows(batch.dq, one.dq, b * rows * shape.dk, rows * shape.dk, "dq");
    compareRows(batch.dk, one.dk, b * rows * shape.dk, rows * shape.dk, "dk");
    compareRows(batch.dv, one.dv, b * rows * shape.dv, rows * shape.dv, "dv");
    compareRows(batch.final_state, one.final_state, b * state, state, "final_state");
    compareRows(batch.dinitial_state, one.dinitial_state, b * state, state, "dinitial_state");
    if (batch.dg.empty()) return;
    compareRows(batch.dg, one.dg, b * rows, rows, "dg");
    compareRows(batch.dbeta, one.dbeta, b * rows, rows, "dbeta");
}

}  // namespace

class TestKernelLengths : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void paddingDoesNotLeak_data() {
        QTest::addColumn<int>("path");
        QTest::addColumn<int>("dk");
        QTest::addColumn<int>("dv");
        for (const KernelPath path : availablePaths()) {
            QTest::addRow("%s d=32", toString(path)) << static_cast<int>(path) << 32 << 32;
            QTest::addRow("%s dk=13 dv=70", toString(path)) << static_cast<int>(path) << 13 << 70;
        }
    }
    void paddingDoesNotLeak() {
        QFETCH(int, path);
        QFETCH(int, dk);
        QFETCH(int, dv);
        QVERIFY(setKernelPath(static_cast<KernelPath>(path)));
        KernelProblem problem = makeKernelProblem(6, 70, 2, dk, dv, {});
        problem.lengths_B = {70, 0, 1, 16, 33, 69};
        poisonPadding(problem);
        const KernelOutputs<float> gdn = runGdn(problem);
        const KernelOutputs<float> lightning = runLightning(problem);
        for (std::int64_t b = 0; b < problem.shape.batch; ++b) {
            const KernelProblem one = alone(problem, b);
            compareSequence(gdn, runGdn(one), problem.shape, b);
            compareSequence(lightning, runLightning(one), problem.shape, b);
        }
    }

    // With no tokens the state and its gradient pass through.
    void emptySequence() {
        for (const KernelPath path : availablePaths()) {
            QVERIFY(setKernelPath(path));
            const KernelProblem problem = makeKernelProblem(2, 0, 2, 8, 12, {});
            for (const KernelOutputs<float>& out : {runGdn(problem), runLightning(problem)}) {
                QCOMPARE(out.final_state, problem.initial_state_BHkv);
                QCOMPARE(out.dinitial_state, problem.dfinal_state_BHkv);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestKernelLengths)
#include "test_kernel_lengths.moc"
