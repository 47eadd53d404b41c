// Losses behind the head against a plain float64 log-softmax, their gradients against central differences, and the row
// blocks against one block.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <functional>

#include "core/engine/head_loss.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr std::int64_t kRows = 5, kWidth = 32;

// Final norm and head of one row by hand.
std::vector<double> logitsOf(const DecoderWeights& weights, const at::Tensor& hidden_ND, std::int64_t row) {
    const at::Tensor h_D = hidden_ND[row].detach().to(at::kDouble).contiguous();
    const at::Tensor norm_D = weights.final_norm_D.detach().to(at::kDouble);
    const at::Tensor head_VD = weights.head_VD.detach().to(at::kDouble).contiguous();
    double square = 0;
    for (std::int64_t d = 0; d < h_D.size(0); ++d) square += std::pow(h_D[d].item<double>(), 2);
    const double scale = 1 / std::sqrt(square / static_cast<double>(h_D.size(0)) + weights.config.rms_norm_eps);
    std::vector<double> logits;
    for (std::int64_t v = 0; v < head_VD.size(0); ++v) {
        double sum = 0;
        const double* word = head_VD.const_data_ptr<double>() + v * h_D.size(0);
        for (std::int64_t d = 0; d < h_D.size(0); ++d)
            sum += word[d] * h_D.const_data_ptr<double>()[d] * scale * norm_D.const_data_ptr<double>()[d];
        logits.push_back(sum);
    }
    return logits;
}

double crossEntropyByHand(const DecoderWeights& weights, const at::Tensor& hidden_ND, const at::Tensor& labels_N,
                          const at::Tensor& weight_N) {
    double sum = 0;
    for (std::int64_t n = 0; n < hidden_ND.size(0); ++n) {
        const std::vector<double> log_q = logSoftmax(logitsOf(weights, hidden_ND, n));
        sum -= weight_N[n].item<double>() * log_q[static_cast<std::size_t>(labels_N[n].item<std::int64_t>())];
    }
    return sum;
}

double klByHand(const DecoderWeights& student, const at::Tensor& student_ND, const DecoderWeights& teacher,
                const at::Tensor& teacher_ND, const at::Tensor& weight_N) {
    double sum = 0;
    for (std::int64_t n = 0; n < student_ND.size(0); ++n) {
        sum += weight_N[n].item<double>() *
               klOf(logSoftmax(logitsOf(teacher, teacher_ND, n)), logSoftmax(logitsOf(student, student_ND, n)));
    }
    return sum;
}

// A copy of the tiny teacher whose norm and tied head learn.
DecoderWeights learner(at::ScalarType dtype, std::uint64_t seed) {
    DecoderWeights weights = tinyModel(1, dtype, true, {}, seed).weights;
    weights.final_norm_D = weights.final_norm_D.detach().clone().requires_grad_(true);
    weights.embed_VD = weights.embed_VD.detach().clone().requires_grad_(true);
    weights.head_VD = weights.embed_VD;
    return weights;
}

at::Tensor randomRows(std::uint64_t seed, at::ScalarType dtype) {
    at::Generator generator = at::detail::createCPUGenerator(seed);
    return at::randn({kRows, kWidth}, generator, at::TensorOptions().dtype(dtype));
}

// d f / d tensor[index] by central differences.
double slope(const std::function<double()>& f, at::Tensor tensor, std::int64_t index) {
    constexpr double kStep = 1e-5;
    const c10::NoGradGuard no_grad;
    double* value = tensor.mutable_data_ptr<double>() + index;
    const double before = *value;
    *value = before + kStep;
    const double above = f();
    *value = before - kStep;
    const double below = f();
    *value = before;
    return (above - below) / (2 * kStep);
}

}  // namespace

class TestHeadLoss : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }

    void crossEntropyIsALogSoftmax() {
        for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
            const DecoderWeights weights = learner(dtype, 3);
            at::Tensor hidden_ND = randomRows(1, dtype).requires_grad_(true);
            const at::Tensor weight_N = at::tensor({0.5, 0.0, 2.0, 1.0, 0.25}, dtype);
            const double loss = crossEntropyBackward(weights, hidden_ND, labels_N_, weight_N);
            const double expected = crossEntropyByHand(weights, hidden_ND, labels_N_, weight_N);
            QVERIFY(near(loss, expected, dtype == at::kDouble ? kPlanScores : kHeadLossFloat32 * expected));
            QCOMPARE(hidden_ND.grad()[1].abs().max().item<double>(), 0.0);  // weight 0: no gradient
        }
    }

    void gradientsAreTheSlopes() {
        const DecoderWeights weights = learner(at::kDouble, 4), teacher = learner(at::kDouble, 5);
        at::Tensor hidden_ND = randomRows(2, at::kDouble).requires_grad_(true);
        const at::Tensor teacher_ND = randomRows(3, at::kDouble);
        const at::Tensor weight_N = at::tensor({0.5, 0.1, 2.0, 1.0, 0.25}, at::kDouble);
        const auto ce = [&] { return crossEntropyByHand(weights, hidden_ND, labels_N_, weight_N); };
        const auto kl = [&] { return klByHand(weights, hidden_ND, teacher, teacher_ND, weight_N); };
        for (const bool distilling : {false, true}) {
            for (const at::Tensor& t : {hidden_ND, weights.embed_VD, weights.final_norm_D})
                t.mutable_grad() = at::Tensor();
            if (distilling) {
                distillKlBackward(weights, hidden_ND, teacher, teacher_ND, weight_N);
            } else {
                crossEntropyBackward(weights, hidden_ND, labels_N_, weight_N);
            }
            const std::function<double()> loss = distilling ? std::function<double()>(kl) : ce;
            for (const at::Tensor& t : {hidden_ND, weights.embed_VD, weights.final_norm_D}) {
                for (std::int64_t index = 3; index < t.numel(); index += t.numel() / 7) {
                    const double gradient = t.grad().flatten()[index].item<double>();
                    QVERIFY(near(gradient, slope(loss, t.detach(), index), kFiniteDifference));
                }
            }
        }
        QVERIFY(!teacher.embed_VD.grad().defined());  // the teacher is frozen whatever its tensors say
        QVERIFY(!teacher.final_norm_D.grad().defined());
    }

    void klIsZeroOnlyForTheTeacher() {
        const DecoderWeights teacher = learner(at::kFloat, 6), student = learner(at::kFloat, 7);
        const at::Tensor teacher_ND = randomRows(4, at::kFloat);
        at::Tensor same_ND = teacher_ND.clone().requires_grad_(true);
        const at::Tensor weight_N = at::full({kRows}, 0.2f);
        QCOMPARE(distillKlBackward(teacher, same_ND, teacher, teacher_ND, weight_N), 0.0);
        QVERIFY(same_ND.grad().abs().max().item<double>() < kHeadLossFloat32);
        at::Tensor other_ND = randomRows(5, at::kFloat).requires_grad_(true);
        const double kl = distillKlBackward(student, other_ND, teacher, teacher_ND, weight_N);
        const double expected = klByHand(student, other_ND, teacher, teacher_ND, weight_N);
        QVERIFY(kl > 0 && near(kl, expected, kHeadLossFloat32 * std::max(1.0, expected)));
    }

    void noRowsCostNothing() {
        const DecoderWeights weights = learner(at::kFloat, 8);
        const at::Tensor none = at::empty({0, kWidth});
        QCOMPARE(crossEntropyBackward(weights, none, at::empty({0}, at::kLong), at::empty({0})), 0.0);
        QVERIFY(!weights.embed_VD.grad().defined());
    }

    // A vocabulary of 2^20 words leaves 32 rows to a block: 40 rows take two, and must add up to what they are alone.
    void blocksOfRowsAddUp() {
        constexpr std::int64_t kWords = std::int64_t{1} << 20, kMany = 40;
        DecoderWeights weights;
        weights.config = tinyConfig(1, true);
        weights.config.vocab_size = kWords;
        weights.config.hidden_size = 2;
        weights.final_norm_D = at::ones({2});
        at::Generator generator = at::detail::createCPUGenerator(9);
        weights.head_VD = weights.embed_VD = at::randn({kWords, 2}, generator);
        at::Tensor all_ND = at::randn({kMany, 2}, generator).requires_grad_(true);
        const at::Tensor labels_N = at::randint(0, kWords, {kMany}, generator, at::kLong);
        const at::Tensor weight_N = at::rand({kMany}, generator);
        const double together = crossEntropyBackward(weights, all_ND, labels_N, weight_N);
        DecoderWeights exact = weights;  // fp32 sums of a million terms for one row alone are off by percents
        exact.final_norm_D = weights.final_norm_D.to(at::kDouble);
        exact.head_VD = exact.embed_VD = weights.head_VD.to(at::kDouble);
        double apart = 0;
        for (std::int64_t n = 0; n < kMany; ++n) {
            at::Tensor row_ND = all_ND.detach().narrow(0, n, 1).to(at::kDouble).requires_grad_(true);
            apart +=
                crossEntropyBackward(exact, row_ND, labels_N.narrow(0, n, 1), weight_N.narrow(0, n, 1).to(at::kDouble));
            QVERIFY(at::allclose(row_ND.grad()[0], all_ND.grad()[n].to(at::kDouble), 1e-3, 1e-4));
        }
        QVERIFY(near(together, apart, kHeadLossFloat32 * apart));
    }

private:
    const at::Tensor labels_N_ =
        at::tensor({std::int64_t{0}, std::int64_t{60}, std::int64_t{7}, std::int64_t{7}, std::int64_t{33}});
};

QTEST_GUILESS_MAIN(TestHeadLoss)
#include "test_head_loss.moc"
