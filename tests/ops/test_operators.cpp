// The recurrences as operators of LibTorch's dispatcher.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <QtTest>

#include "core/ops/operator_check.h"
#include "core/ops/operator_problem.h"
#include "core/ops/operator_table.h"
#include "kernels/cpu/kernel_path.h"

using namespace fm;

namespace {

RecurrenceInputs in(at::ScalarType dtype, const RecurrenceInputs& inputs) {
    RecurrenceInputs cast = inputs;
    for (at::Tensor* x : {&cast.q_BTHk, &cast.k_BTHk, &cast.v_BTHv}) *x = x->to(dtype);
    for (at::Tensor& control : cast.controls) control = control.to(dtype == at::kDouble ? at::kDouble : at::kFloat);
    if (cast.initial_state_BHkv.defined()) cast.initial_state_BHkv = cast.initial_state_BHkv.to(at::kFloat);
    return cast;
}

}  // namespace

class TestOperators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyImplementationEqualsTheRecurrence() {
        const std::vector<OperatorCheck> checks = checkOperators(at::kCPU);
        QVERIFY(checks.size() > 100);
        for (const OperatorCheck& check : checks) {
            const QString text = QString("%1 %2, %3, %4: %5, allowed %6")
                                     .arg(check.recurrence.c_str(), check.implementation.c_str(), check.shape.c_str(),
                                          check.output.c_str())
                                     .arg(check.relative_l2)
                                     .arg(check.bound);
            QVERIFY2(check.ok, qPrintable(text));
        }
    }

    void tellsWhatRuns() {
        const std::string kernels = kernels::toString(kernels::kernelPath());
        QCOMPARE(implementationsOn(at::kCPU), (std::vector<std::string>{kernels, "chunked"}));
        for (const RecurrenceKind* kind : recurrenceKinds()) {
            const Recurrence recurrence(kind->name);
            const at::Tensor narrow = at::empty({1, 1, 1, 256}), wide = at::empty({1, 1, 1, 257});
            const std::string expected = kind->cpu.forward ? kernels : "chunked";
            QCOMPARE(recurrence.path(narrow, narrow), expected);
            QCOMPARE(recurrence.path(narrow.to(at::kBFloat16), narrow.to(at::kBFloat16)), expected);
            QCOMPARE(recurrence.path(narrow, wide), std::string("chunked"));
            QCOMPARE(recurrence.path(narrow.to(at::kDouble), narrow.to(at::kDouble)), std::string("chunked"));
            QCOMPARE(Recurrence(kind->name, "chunked").path(narrow, narrow), std::string("chunked"));
        }
    }

    void autogradGivesTheOperatorsGradients() {
        for (const RecurrenceKind* kind : recurrenceKinds()) {
            const Recurrence recurrence(kind->name);
            for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
                const OperatorProblem problem = randomProblem(*kind, 2, 70, 2, 16);
                RecurrenceInputs leaves = in(dtype, problem.inputs);
                std::vector<at::Tensor> wanted;
                for (at::Tensor* x : {&leaves.q_BTHk, &leaves.k_BTHk, &leaves.v_BTHv}) {
                    x->requires_grad_();
                    wanted.push_back(*x);
                }
                for (std::size_t i = 0; i < kind->trained_controls.size(); ++i)
                    wanted.push_back(leaves.controls[i].requires_grad_());
                at::Tensor final_state;
                const at::Tensor o_BTHv = recurrence.forward(leaves, &final_state);
                QVERIFY(!final_state.requires_grad());
                const at::Tensor do_BTHv = problem.do_BTHv.to(dtype);
                const std::vector<at::Tensor> d = torch::autograd::grad({o_BTHv}, wanted, {do_BTHv});
                at::Tensor saved;
                QVERIFY(at::equal(recurrence.forwardSaved(leaves, saved), o_BTHv));
                const RecurrenceGradients direct = recurrence.backward(leaves, saved, do_BTHv);
                QVERIFY(at::equal(d[0], direct.dq_BTHk) && at::equal(d[1], direct.dk_BTHk));
                QVERIFY(at::equal(d[2], direct.dv_BTHv));
                for (std::size_t i = 3; i < d.size(); ++i) QVERIFY(at::equal(d[i], direct.dcontrols[i - 3]));
            }
        }
    }

    // bf16 tensors are computed in fp32, and their gradients come back in bf16.
    void takesNarrowTensors() {
        for (const RecurrenceKind* kind : recurrenceKinds()) {
            const Recurrence recurrence(kind->name);
            const OperatorProblem problem = randomProblem(*kind, 1, 20, 2, 16);
            RecurrenceInputs narrow = in(at::kBFloat16, problem.inputs);
            const at::Tensor want = recurrence.forward(in(at::kFloat, problem.inputs));
            QVERIFY(at::equal(recurrence.forward(narrow), want));
            narrow.v_BTHv.requires_grad_();
            const at::Tensor dv = torch::autograd::grad({recurrence.forward(narrow)}, {narrow.v_BTHv},
                                                        {problem.do_BTHv.to(at::kFloat)})[0];
            QVERIFY(dv.scalar_type() == at::kBFloat16);
        }
    }
};

QTEST_GUILESS_MAIN(TestOperators)
#include "test_operators.moc"
