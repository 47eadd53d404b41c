// The matrix product under every projection: values against float64, strides, gradients, second derivatives.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <QTest>

#include "core/ops/product.h"
#include "core/ops/stacked_rows.h"
#include "tests/support/tolerances.h"

namespace {

at::Tensor random(at::IntArrayRef shape, std::uint64_t seed, at::ScalarType dtype = at::kFloat) {
    return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble)).to(dtype);
}

double relativeError(const at::Tensor& got, const at::Tensor& expected) {
    const at::Tensor wanted = expected.detach().to(at::kDouble);
    return ((got.detach().to(at::kDouble) - wanted).abs().max() / wanted.abs().max()).item<double>();
}

at::Tensor exact(const at::Tensor& a, const at::Tensor& b) {
    return at::matmul(a.to(at::kDouble), b.to(at::kDouble).t());
}

class TestProduct : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void values_data() {
        QTest::addColumn<qint64>("rows");
        QTest::addColumn<qint64>("inner");
        QTest::addColumn<qint64>("columns");
        QTest::newRow("one row") << qint64{1} << qint64{576} << qint64{97};
        QTest::newRow("odd") << qint64{63} << qint64{65} << qint64{33};
        QTest::newRow("square") << qint64{128} << qint64{128} << qint64{128};
        QTest::newRow("tiny") << qint64{2} << qint64{1} << qint64{1};
    }
    void values() {
        QFETCH(qint64, rows);
        QFETCH(qint64, inner);
        QFETCH(qint64, columns);
        const at::Tensor a = random({3, rows, inner}, 1);
        const at::Tensor b = random({columns, inner}, 2);
        const at::Tensor result = fm::product(a, b);
        QCOMPARE(result.sizes(), (at::IntArrayRef{3, rows, columns}));
        QVERIFY2(relativeError(result, exact(a, b)) <= kProductFloat32,
                 qPrintable(QString::number(relativeError(result, exact(a, b)))));
    }

    // Views as the blocks make them: a slice of stacked outputs, a transposed matrix, broken batch strides.
    void strides() {
        const at::Tensor wide = random({2, 40, 96}, 3);
        const at::Tensor b = random({56, 48}, 4);
        const at::Tensor slice = wide.narrow(-1, 48, 48);
        QVERIFY(relativeError(fm::product(slice, b), exact(slice, b)) <= kProductFloat32);
        const at::Tensor turned = random({48, 56}, 5).t();
        QVERIFY(relativeError(fm::product(slice, turned), exact(slice, turned)) <= kProductFloat32);
        const at::Tensor swapped = random({40, 2, 48}, 6).transpose(0, 1);
        QVERIFY(relativeError(fm::product(swapped, b), exact(swapped, b)) <= kProductFloat32);
        const at::Tensor every_second = random({40, 96}, 7).slice(1, 0, 96, 2);
        QVERIFY(relativeError(fm::product(every_second, b), exact(every_second, b)) <= kProductFloat32);
    }

    void emptyInput() { QCOMPARE(fm::product(at::zeros({0, 4}), at::zeros({3, 4})).sizes(), (at::IntArrayRef{0, 3})); }

    void keepsDtype() {
        for (const at::ScalarType dtype : {at::kDouble, at::kBFloat16}) {
            QCOMPARE(fm::product(random({5, 8}, 8, dtype), random({3, 8}, 9, dtype)).scalar_type(), dtype);
        }
    }

    void gradients() {
        const at::Tensor a = random({3, 17, 24}, 10).requires_grad_(true);
        const at::Tensor b = random({19, 24}, 11).requires_grad_(true);
        const at::Tensor weight = random({3, 17, 19}, 12);
        fm::product(a, b).backward(weight);
        const at::Tensor expected_a = at::matmul(weight.to(at::kDouble), b.detach().to(at::kDouble));
        const at::Tensor expected_b =
            at::matmul(weight.to(at::kDouble).flatten(0, 1).t(), a.detach().to(at::kDouble).flatten(0, 1));
        QVERIFY(relativeError(a.grad(), expected_a) <= kProductFloat32);
        QVERIFY(relativeError(b.grad(), expected_b) <= kProductFloat32);
    }

    // d/da of <u, d<w, (a b^T)^2>/da> for a fixed u: 2 (u b^T * w) b.
    void secondDerivative() {
        const at::Tensor a = random({7, 6}, 13).requires_grad_(true);
        const at::Tensor b = random({5, 6}, 14);
        const at::Tensor w = random({7, 5}, 15);
        const at::Tensor u = random({7, 6}, 16);
        const at::Tensor loss = (fm::product(a, b).square() * w).sum();
        const at::Tensor first = torch::autograd::grad({loss}, {a}, {}, std::nullopt, true)[0];
        const at::Tensor second = torch::autograd::grad({(first * u).sum()}, {a})[0];
        const at::Tensor expected = 2 * at::matmul(exact(u, b) * w.to(at::kDouble), b.to(at::kDouble));
        QVERIFY(relativeError(second, expected) <= kProductFloat32);
    }

    void stackedMatricesAreOne() {
        std::vector<at::Tensor> parts = fm::allocateStacked({3, 2}, 4, at::TensorOptions(at::kFloat));
        parts[0].fill_(1);
        parts[1].fill_(2);
        const at::Tensor whole = fm::stackedRows({parts[0], parts[1]});
        QVERIFY(at::equal(whole, at::cat({parts[0], parts[1]})));
        QVERIFY(whole.is_alias_of(parts[0]));
        QVERIFY(!fm::stackedRows({parts[1], parts[0]}).defined());
        QVERIFY(!fm::stackedRows({parts[0], at::ones({2, 4})}).defined());
        parts[1].requires_grad_(true);
        QVERIFY(!fm::stackedRows({parts[0], parts[1]}).defined());
        const c10::NoGradGuard no_grad;
        QVERIFY(fm::stackedRows({parts[0], parts[1]}).defined());
    }
};

}  // namespace

QTEST_GUILESS_MAIN(TestProduct)
#include "test_product.moc"
