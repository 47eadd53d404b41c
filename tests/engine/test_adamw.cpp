#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>

#include "core/base/error.h"
#include "core/engine/adamw.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/lr_schedule.h"
#include "tests/support/tolerances.h"

using namespace fm;

namespace {

using Numbers = std::vector<double>;

at::Tensor tensorOf(const Numbers& values, at::ScalarType dtype = at::kDouble) {
    return at::tensor(values, at::kDouble).to(dtype);
}

double largestDifference(const at::Tensor& got, const Numbers& want) {
    return (got.detach().to(at::kDouble) - tensorOf(want)).abs().max().item<double>();
}

void setGradient(at::Tensor& parameter, const Numbers& values) {
    parameter.mutable_grad() = tensorOf(values, parameter.scalar_type());
}

// The update as Loshchilov and Hutter write it, element by element.
struct PlainAdamW {
    double value = 0, mean = 0, square = 0;
    int steps = 0;
    void step(double gradient, double lr, double decay) {
        ++steps;
        value -= lr * decay * value;
        mean = 0.9 * mean + 0.1 * gradient;
        square = 0.95 * square + 0.05 * gradient * gradient;
        const double corrected_mean = mean / (1 - std::pow(0.9, steps));
        const double corrected_square = square / (1 - std::pow(0.95, steps));
        value -= lr * corrected_mean / (std::sqrt(corrected_square) + 1e-8);
    }
};

const std::vector<Numbers> kGradients = {{1.0, -0.5, 0.25, 0.0}, {-2.0, 0.1, 0.3, 4.0}, {0.5, 0.5, -0.5, 1e-3}};

}  // namespace

class TestAdamW : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // three steps of torch.optim.AdamW(lr=0.1, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.2), float64, torch 2.11
    void equalsTorch() {
        const std::vector<Numbers> want = {
            {0.390000001, -0.880000002, 1.860000004, 0.0},
            {0.418537395799663, -0.810693621760085, 1.72296472553057, -0.0734959999737839},
            {0.423888962435896, -0.81103319567741, 1.69124312639962, -0.129589269115064}};
        at::Tensor parameter = tensorOf({0.5, -1.0, 2.0, 0.0});
        AdamW optimizer({{{parameter}, 0.2}});
        for (std::size_t i = 0; i < want.size(); ++i) {
            setGradient(parameter, kGradients[i]);
            optimizer.step(0.1);
            QVERIFY(largestDifference(parameter, want[i]) < kAdamWFloat64);
        }
    }

    void groupsHaveTheirOwnRateAndDecay() {
        at::Tensor first = tensorOf({0.5, -1.0}), second = tensorOf({2.0, 0.25});
        AdamW optimizer({{{first}, 0.1}, {{second}, 0.0}});
        std::vector<PlainAdamW> plain = {{0.5}, {-1.0}, {2.0}, {0.25}};
        for (int i = 0; i < 5; ++i) {
            const Numbers gradient = {std::sin(i + 1.0), 0.3 * i, -1.0 / (i + 1), std::cos(i)};
            setGradient(first, {gradient[0], gradient[1]});
            setGradient(second, {gradient[2], gradient[3]});
            optimizer.step({0.02 * (i + 1), 0.01 * (i + 1)});
            for (std::size_t j = 0; j < 4; ++j)
                plain[j].step(gradient[j], (j < 2 ? 0.02 : 0.01) * (i + 1), j < 2 ? 0.1 : 0.0);
        }
        QVERIFY(largestDifference(first, {plain[0].value, plain[1].value}) < kAdamWFloat64);
        QVERIFY(largestDifference(second, {plain[2].value, plain[3].value}) < kAdamWFloat64);
    }

    // Steps far below bf16's spacing must add up in the master.
    void narrowWeightsHaveMasters() {
        at::Tensor narrow = tensorOf({1.0, 1.0}, at::kBFloat16);
        AdamW optimizer({{{narrow}, 0.0}});
        for (int i = 0; i < 200; ++i) {
            setGradient(narrow, {1.0, -1.0});
            optimizer.step(1e-4);
        }
        QVERIFY(narrow.scalar_type() == at::kBFloat16);
        // 200 steps of 1e-4 against a constant gradient: 1 - 0.02 and 1 + 0.02, to bf16's 2^-8
        QVERIFY(largestDifference(narrow, {0.98, 1.02}) < 1.0 / 256);
        const at::Tensor master = optimizer.masterOf(narrow);
        QVERIFY(master.scalar_type() == at::kFloat && !master.requires_grad());
        QVERIFY(largestDifference(master, {0.98, 1.02}) < 1e-5);
    }

    void clipsTheWholeAndEachGroup() {
        at::Tensor first = tensorOf({0, 0}), second = tensorOf({0});
        AdamW optimizer({{{first}, 0.0}, {{second}, 0.0}});
        setGradient(first, {3.0, 4.0});
        setGradient(second, {0.5});
        const at::Tensor norms = optimizer.clipEachGroup(1.0);
        QVERIFY(largestDifference(norms, {5.0, 0.5}) < 1e-12);
        QVERIFY(largestDifference(first.grad(), {0.6, 0.8}) < 1e-6);
        QVERIFY(largestDifference(second.grad(), {0.5}) < 1e-12);
        setGradient(first, {3.0, 4.0});
        setGradient(second, {12.0});
        QVERIFY(std::abs(optimizer.clipGradients(6.5) - 13.0) < 1e-12);
        QVERIFY(largestDifference(first.grad(), {1.5, 2.0}) < 1e-6);
        QVERIFY(largestDifference(second.grad(), {6.0}) < 1e-6);
    }

    void withoutGradientNothingMoves() {
        at::Tensor still = tensorOf({1.0}), moving = tensorOf({1.0});
        AdamW optimizer({{{still, moving}, 0.5}, {{}, 0.0}});
        setGradient(moving, {1.0});
        optimizer.step(0.1);
        QVERIFY(still.item<double>() == 1.0);
        QVERIFY(moving.item<double>() < 1.0);
    }

    // stop after three steps, continue in a new process' worth of objects: bit for bit
    void resumesExactly() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("job.safetensors").toStdString();
        const auto drive = [](AdamW& optimizer, at::Tensor& a, at::Tensor& b, int first, int last) {
            for (int i = first; i < last; ++i) {
                setGradient(a, {std::sin(i * 0.7), std::cos(i * 1.3)});
                setGradient(b, {0.1 * i, -0.2});
                optimizer.step(1e-2);
            }
        };
        at::Tensor a = tensorOf({0.3, -0.7}, at::kFloat), b = tensorOf({1.5, 2.5}, at::kBFloat16);
        AdamW whole({{{a, b}, 0.1}});
        drive(whole, a, b, 0, 3);
        JobCheckpoint checkpoint;
        checkpoint.step = 3;
        checkpoint.rows = {3, 1};
        checkpoint.state = {{"third", 1.0 / 3}};
        checkpoint.tensors["a"] = a;
        whole.save(checkpoint.tensors, "optimizer.");
        saveJobCheckpoint(path, checkpoint);
        drive(whole, a, b, 3, 7);

        const JobCheckpoint found = loadJobCheckpoint(path).value();
        QCOMPARE(found.step, std::int64_t{3});
        QCOMPARE(found.rows, (std::vector<std::int64_t>{3, 1}));
        QVERIFY(found.state.at("third").get<double>() == 1.0 / 3);
        at::Tensor a2 = found.tensors.at("a").clone(), b2 = at::zeros({2}, at::kBFloat16);
        AdamW resumed({{{a2, b2}, 0.1}});
        resumed.load(found, "optimizer.");
        drive(resumed, a2, b2, 3, 7);
        QVERIFY(at::equal(a, a2));
        QVERIFY(at::equal(b, b2));
    }

    void refusesForeignState() {
        at::Tensor a = tensorOf({1.0});
        AdamW optimizer({{{a}, 0.0}});
        QVERIFY_THROWS_EXCEPTION(FormatError, optimizer.load(JobCheckpoint{}, "optimizer."));
        QVERIFY(!loadJobCheckpoint("/nonexistent/job.safetensors").has_value());
    }

    // Steps of a group at a rate of 0 leave its weights, bit for bit, and their decay out; the others go on.
    void aRateOfZeroStopsOneGroupOnly() {
        at::Tensor still = tensorOf({0.5, -1.0}), moving = tensorOf({2.0, 0.25});
        AdamW optimizer({{{still}, 0.1}, {{moving}, 0.1}});
        std::vector<PlainAdamW> plain = {{2.0}, {0.25}};
        for (int i = 0; i < 3; ++i) {
            setGradient(still, {1.0, -1.0});
            setGradient(moving, {-0.5, 3.0});
            optimizer.step({0.0, 0.02});
            plain[0].step(-0.5, 0.02, 0.1);
            plain[1].step(3.0, 0.02, 0.1);
        }
        QVERIFY(at::equal(still, tensorOf({0.5, -1.0})));
        QVERIFY(largestDifference(moving, {plain[0].value, plain[1].value}) < kAdamWFloat64);
    }

    void cosineSchedule() {
        const CosineSchedule cosine{1.0, 0.1, 10, 110};
        QVERIFY(std::abs(cosine.at(0) - 0.1) < 1e-12);
        QVERIFY(std::abs(cosine.at(9) - 1.0) < 1e-12);
        QVERIFY(std::abs(cosine.at(10 + 33) - 0.775) < 1e-12);  // a third of the way: 0.1 + 0.9 * (1 + cos 60) / 2
        QVERIFY(std::abs(cosine.at(109) - 0.1) < 1e-12);
    }
};

QTEST_GUILESS_MAIN(TestAdamW)
#include "test_adamw.moc"
