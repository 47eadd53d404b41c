// The float64 references themselves: every gradient against central finite differences of the forward recurrence.
#include <QtTest>

#include <cmath>

#include "kernels/cpu/gdn_ref.h"
#include "kernels/cpu/kernel_problem.h"
#include "kernels/cpu/lightning_ref.h"
#include "tests/support/tolerances.h"

using namespace fm::kernels;

namespace {

using Doubles = std::vector<double>;

// A small ragged problem in float64 with the loss <dO, O> + <dS, S_T>, whose gradients backward must give.
struct RefProblem {
    KernelProblem source = makeKernelProblem(2, 6, 2, 3, 4, {.mean_gate = 1, .seed = 5});
    std::vector<std::int32_t> lengths_B = {6, 4};
    Doubles q = widen(source.q_BTHk), k = widen(source.k_BTHk), v = widen(source.v_BTHv);
    Doubles g = widen(source.g_BTH), beta = widen(source.beta_BTH), initial = widen(source.initial_state_BHkv);
    Doubles d_o = widen(source.do_BTHv), dfinal = widen(source.dfinal_state_BHkv);
    Doubles log_decay = {-0.2, -0.9};
    Doubles o = Doubles(d_o.size(), std::nan("")), final_state = Doubles(dfinal.size(), std::nan(""));

    static Doubles widen(const std::vector<float>& values) { return Doubles(values.begin(), values.end()); }

    template <typename Forward>
    void connect(Forward& args) {
        args.shape = source.shape;
        args.q_BTHk = q.data();
        args.k_BTHk = k.data();
        args.v_BTHv = v.data();
        args.lengths_B = lengths_B.data();
        args.initial_state_BHkv = initial.data();
        args.o_BTHv = o.data();
        args.final_state_BHkv = final_state.data();
    }
    double loss() const {
        double sum = 0;
        for (std::size_t i = 0; i < o.size(); ++i) sum += d_o[i] * o[i];
        for (std::size_t i = 0; i < final_state.size(); ++i) sum += dfinal[i] * final_state[i];
        return sum;
    }
    double gdnLoss() {
        GdnForwardRef args;
        connect(args);
        args.g_BTH = g.data();
        args.beta_BTH = beta.data();
        gdnForwardRef(args);
        return loss();
    }
    double lightningLoss() {
        LightningForwardRef args;
        connect(args);
        args.log_decay_H = log_decay.data();
        lightningForwardRef(args);
        return loss();
    }
};

void verifyGradient(RefProblem& problem, double (RefProblem::*loss)(), Doubles& input, const Doubles& gradient,
                    const char* name) {
    constexpr double kStep = 1e-5;
    QCOMPARE(input.size(), gradient.size());
    double largest = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
        const double value = input[i];
        input[i] = value + kStep;
        const double above = (problem.*loss)();
        input[i] = value - kStep;
        const double below = (problem.*loss)();
        input[i] = value;
        const double expected = (above - below) / (2 * kStep);
        largest = std::max(largest, std::abs(expected));
        QVERIFY2(std::abs(gradient[i] - expected) <= kFiniteDifference * std::max(1.0, std::abs(expected)),
                 qPrintable(QString("%1[%2]: %3, differences %4").arg(name).arg(i).arg(gradient[i]).arg(expected)));
    }
    QVERIFY2(largest > 0.01, name);  // the loss depends on this input
}

}  // namespace

class TestKernelReference : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void gdnGradients() {
        RefProblem problem;
        Doubles dq(problem.q.size()), dk(problem.k.size()), dv(problem.v.size()), dg(problem.g.size()),
            dbeta(problem.beta.size()), dinitial(problem.initial.size());
        GdnBackwardRef args;
        problem.connect(args.forward);
        args.forward.g_BTH = problem.g.data();
        args.forward.beta_BTH = problem.beta.data();
        args.do_BTHv = problem.d_o.data();
        args.dfinal_state_BHkv = problem.dfinal.data();
        args.dq_BTHk = dq.data();
        args.dk_BTHk = dk.data();
        args.dv_BTHv = dv.data();
        args.dg_BTH = dg.data();
        args.dbeta_BTH = dbeta.data();
        args.dinitial_state_BHkv = dinitial.data();
        gdnBackwardRef(args);
        verifyGradient(problem, &RefProblem::gdnLoss, problem.q, dq, "q");
        verifyGradient(problem, &RefProblem::gdnLoss, problem.k, dk, "k");
        verifyGradient(problem, &RefProblem::gdnLoss, problem.v, dv, "v");
        verifyGradient(problem, &RefProblem::gdnLoss, problem.g, dg, "g");
        verifyGradient(problem, &RefProblem::gdnLoss, problem.beta, dbeta, "beta");
        verifyGradient(problem, &RefProblem::gdnLoss, problem.initial, dinitial, "initial state");
    }

    void lightningGradients() {
        RefProblem problem;
        Doubles dq(problem.q.size()), dk(problem.k.size()), dv(problem.v.size()), dinitial(problem.initial.size());
        LightningBackwardRef args;
        problem.connect(args.forward);
        args.forward.log_decay_H = problem.log_decay.data();
        args.do_BTHv = problem.d_o.data();
        args.dfinal_state_BHkv = problem.dfinal.data();
        args.dq_BTHk = dq.data();
        args.dk_BTHk = dk.data();
        args.dv_BTHv = dv.data();
        args.dinitial_state_BHkv = dinitial.data();
        lightningBackwardRef(args);
        verifyGradient(problem, &RefProblem::lightningLoss, problem.q, dq, "q");
        verifyGradient(problem, &RefProblem::lightningLoss, problem.k, dk, "k");
        verifyGradient(problem, &RefProblem::lightningLoss, problem.v, dv, "v");
        verifyGradient(problem, &RefProblem::lightningLoss, problem.initial, dinitial, "initial state");
    }

    // One token by hand: S = e^g S0 = 0.5 * 4 = 2, u = 0.25 (v - k S) = 0.25 (10 - 3 * 2) = 1, S = 2 + 3 = 5, o = 2 * 7
    // * 5.
    void oneTokenByHand() {
        const double q = 7, k = 3, v = 10, g = std::log(0.5), beta = 0.25, initial = 4;
        double o = 0, final_state = 0;
        GdnForwardRef args;
        args.shape = {1, 1, 1, 1, 1, 2.0F};
        args.q_BTHk = &q;
        args.k_BTHk = &k;
        args.v_BTHv = &v;
        args.g_BTH = &g;
        args.beta_BTH = &beta;
        args.initial_state_BHkv = &initial;
        args.o_BTHv = &o;
        args.final_state_BHkv = &final_state;
        gdnForwardRef(args);
        QCOMPARE(final_state, 5.0);
        QCOMPARE(o, 70.0);

        LightningForwardRef plain;  // S = 2 + 3 * 10 = 32
        plain.shape = args.shape;
        plain.q_BTHk = &q;
        plain.k_BTHk = &k;
        plain.v_BTHv = &v;
        plain.log_decay_H = &g;
        plain.initial_state_BHkv = &initial;
        plain.o_BTHv = &o;
        plain.final_state_BHkv = &final_state;
        lightningForwardRef(plain);
        QCOMPARE(final_state, 32.0);
        QCOMPARE(o, 448.0);
    }
};

QTEST_GUILESS_MAIN(TestKernelReference)
#include "test_kernel_reference.moc"
