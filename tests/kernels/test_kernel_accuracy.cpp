// fp32 kernels of every path against the float64 references, over shapes, lengths and decays.
#include <QtTest>

#include "kernels/cpu/kernel_bench.h"
#include "kernels/cpu/kernel_problem.h"
#include "tests/kernels/kernel_paths.h"
#include "tests/support/tolerances.h"

using namespace fm::kernels;

namespace {

struct Case {
    const char* name;
    std::int64_t batch, tokens, heads, dk, dv;
    ProblemOptions options;
    std::vector<std::int32_t> lengths_B;
};

const std::vector<Case> kCases = {
    {"one token", 1, 1, 1, 16, 16, {}, {}},
    {"d=1", 1, 31, 2, 1, 1, {}, {}},
    {"d=16", 2, 100, 3, 16, 16, {}, {}},
    {"63 tokens", 2, 63, 2, 32, 32, {}, {}},
    {"64 tokens", 1, 64, 3, 64, 64, {}, {}},
    {"65 tokens", 1, 65, 2, 64, 64, {}, {}},
    {"1000 tokens", 1, 1000, 1, 32, 32, {}, {}},
    {"1000 tokens, no states", 1, 1000, 1, 64, 64, {.with_states = false}, {}},
    {"d=128", 1, 129, 1, 128, 128, {}, {}},
    {"d=256", 1, 35, 1, 256, 256, {}, {}},
    {"odd dims", 2, 33, 2, 17, 37, {}, {}},
    {"narrow keys", 1, 50, 2, 5, 130, {}, {}},
    {"narrow values", 1, 48, 1, 100, 3, {}, {}},
    {"panel remainders", 1, 20, 1, 64, 127, {}, {}},
    {"fast decay", 1, 200, 2, 32, 32, {.mean_gate = -3}, {}},
    {"very fast decay", 1, 70, 2, 32, 32, {.mean_gate = -60}, {}},
    {"slow decay", 1, 200, 2, 32, 32, {.mean_gate = 12}, {}},
    {"ragged", 3, 65, 2, 32, 32, {}, {65, 0, 17}},
    {"ragged, odd dims", 4, 40, 1, 9, 21, {.with_states = false}, {1, 40, 16, 33}},
};

KernelProblem problemOf(const Case& row) {
    KernelProblem problem = makeKernelProblem(row.batch, row.tokens, row.heads, row.dk, row.dv, row.options);
    problem.lengths_B = row.lengths_B;
    return problem;
}

void verify(const KernelOutputs<float>& computed, const KernelOutputs<double>& reference) {
    for (const OutputError& error : compareOutputs(computed, reference)) {
        const bool forward = error.output == "o" || error.output == "final_state";
        const double bound = forward ? kKernelForward : kKernelGradient;
        const QString text = QString("%1: l2 %2, max %3, bound %4")
                                 .arg(error.output.c_str())
                                 .arg(error.relative_l2)
                                 .arg(error.relative_max)
                                 .arg(bound);
        // Written so that NaN fails. The largest single error may stand out of the average by a small factor.
        const bool relative = error.relative_l2 <= bound && error.relative_max <= 2 * bound;
        // Where a decay is e^-60 so is dg, but it is a difference of sums of order 1: only its absolute error is small.
        const bool absolute = error.output == "dg" && error.absolute_max <= bound;
        QVERIFY2(relative || absolute, qPrintable(text));
    }
}

}  // namespace

class TestKernelAccuracy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void gdn_data() { addRows(false); }
    void gdn() {
        const KernelProblem problem = fetch();
        verify(runGdn(problem), runGdnRef(problem));
    }

    void lightning_data() { addRows(false); }
    void lightning() {
        const KernelProblem problem = fetch();
        verify(runLightning(problem), runLightningRef(problem));
    }

    void gdnDecode_data() { addRows(true); }
    void gdnDecode() {
        const KernelProblem problem = fetch();
        verify(runGdnDecode(problem), runGdnRef(problem));
    }

    void lightningDecode_data() { addRows(true); }
    void lightningDecode() {
        const KernelProblem problem = fetch();
        verify(runLightningDecode(problem), runLightningRef(problem));
    }

    // The check behind `bench kernels --check` passes here and fails when something is wrong.
    void checkTable() {
        for (const KernelPath path : availablePaths()) {
            QVERIFY(setKernelPath(path));
            const std::vector<KernelCheck> checks = checkKernels();
            QVERIFY(checks.size() > 50);
            for (const KernelCheck& check : checks) {
                QVERIFY2(check.ok(), qPrintable(QString("%1 %2 %3 %4")
                                                    .arg(toString(path), check.kernel.c_str(), check.shape.c_str(),
                                                         check.output.c_str())));
            }
        }
        KernelCheck wrong;
        wrong.bound = kForwardBound;
        wrong.relative_l2 = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(!wrong.ok());
    }

    void comparisonSeesWrongValues() {
        const KernelProblem problem = makeKernelProblem(1, 20, 1, 16, 16, {});
        const KernelOutputs<double> reference = runGdnRef(problem);
        KernelOutputs<float> computed = runGdn(problem);
        computed.dg[7] *= 1.01F;
        computed.o[3] = std::numeric_limits<float>::quiet_NaN();
        for (const OutputError& error : compareOutputs(computed, reference)) {
            const bool spoiled = error.output == "dg" || error.output == "o";
            QCOMPARE(!(error.relative_l2 <= kKernelGradient), spoiled);
        }
    }

private:
    void addRows(bool decode) {
        QTest::addColumn<int>("row");
        QTest::addColumn<int>("path");
        for (const KernelPath path : availablePaths()) {
            for (std::size_t i = 0; i < kCases.size(); ++i) {
                if (decode && !kCases[i].lengths_B.empty()) continue;
                QTest::addRow("%s, %s", kCases[i].name, toString(path))
                    << static_cast<int>(i) << static_cast<int>(path);
            }
        }
    }
    KernelProblem fetch() {
        QFETCH(int, row);
        QFETCH(int, path);
        setKernelPath(static_cast<KernelPath>(path));
        return problemOf(kCases[static_cast<std::size_t>(row)]);
    }
};

QTEST_GUILESS_MAIN(TestKernelAccuracy)
#include "test_kernel_accuracy.moc"
