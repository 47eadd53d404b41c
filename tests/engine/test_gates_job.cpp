// What a gate run records and does: the budget's dual and AdamW from the recorded numbers alone, live changes, dead
// gates, plans. Oracles: the formulas of resources/handbook/method.md.
#include <ATen/ATen.h>

#include <QtTest>

#include "core/engine/gate_optimizer.h"
#include "core/model/device.h"
#include "tests/engine/gates_job.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

// Multiplier 0.1 at the ends, 1 between 20 and 80 %: DuoAttention's published formula.
double publishedRate(int step, int steps, double peak) {
    const double fifth = steps / 5.0;
    return peak * std::min({1.0, std::max((step + 1) / fifth, 0.1), std::max((steps - step) / fifth, 0.1)});
}

double sumOf(const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value);
    return sum;
}

}  // namespace

class TestGatesJob : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void dualRuleByHand();
    void dualFollowsTheBudget();
    void gatesFollowAdamW();
    void liveChangesCountFromTheNextStep();
    void liveBudgetRespectsPins();
    void unknownLiveFieldsAreSaid();
    void deadGatesAreReported_data();
    void deadGatesAreReported();
    void planIsTheTopOfTheRanking_data();
    void planIsTheTopOfTheRanking();
    void impossibleBudgetsAreRefusedBeforeAnyWork();
    void probesComeWhenTheyAreDue();
    void lambdaStartsFromABatchThatAsks();
    void lambdaNeverStartsAtZero();
    void microBatchesAreTheWholeStep();
    void closeCallsAreSaid();
};

// lambda *= exp(rate * clip((sum - K) / max(K, 1), -1, 1)): five cases worked out by hand.
void TestGatesJob::dualRuleByHand() {
    QVERIFY(near(dualUpdate(0.1, 0.06, 6, 4), 0.1 * std::exp(0.06 * 0.5), 1e-15));
    QVERIFY(near(dualUpdate(0.1, 0.06, 3, 4), 0.1 * std::exp(-0.06 * 0.25), 1e-15));
    QVERIFY(near(dualUpdate(0.1, 0.06, 30, 4), 0.1 * std::exp(0.06), 1e-15));
    QVERIFY(near(dualUpdate(2, 0.5, 0.5, 0), 2 * std::exp(0.25), 1e-15));
    QCOMPARE(dualUpdate(0.1, 0.06, 4, 4), 0.1);
}

void TestGatesJob::dualFollowsTheBudget() {
    constexpr std::size_t kSteps = 160;
    GateJob job;
    job.spec.steps = kSteps;
    job.spec.lr = 0.1;
    job.spec.dual_rate = 0.2;
    const GatesResult result = job.run();
    const std::vector<double> lambda = job.harness.numbers(0, "series/objective/lambda");
    const std::vector<double> sum = job.harness.numbers(0, "series/objective/gate_sum");
    const std::vector<double> align = job.harness.numbers(0, "series/loss/align"),
                              total = job.harness.numbers(0, "series/loss/total"),
                              penalty = job.harness.numbers(0, "series/loss/regulariser");
    QCOMPARE(lambda.size(), kSteps);
    QVERIFY(lambda[0] > 0);  // started by the run itself
    for (std::size_t s = 0; s < kSteps; ++s) {
        QVERIFY(near(sum[s], sumOf(job.alpha()[s]), 1e-6));
        QVERIFY(near(penalty[s], lambda[s] * sum[s], 1e-12));
        QVERIFY(near(total[s], align[s] + penalty[s], 1e-12));
        const double next = s + 1 < kSteps ? lambda[s + 1] : result.lambda;
        QVERIFY(near(next / lambda[s], std::exp(0.2 * std::clamp((sum[s] - 2) / 2, -1.0, 1.0)), 1e-12));
    }
    // It swings about the budget; the published share of it is its time average.
    double average = 0;
    for (std::size_t s = kSteps / 2; s < kSteps; ++s) average += sum[s] / (kSteps / 2);
    QVERIFY2(std::abs(average - 2) < 0.5, qPrintable(QString("sum of the gates %1, budget 2").arg(average)));
}

// Every step's gates from the gates and gradients of the steps before it.
void TestGatesJob::gatesFollowAdamW() {
    GateJob job;
    job.run();
    const std::vector<std::vector<float>> alpha = job.alpha(),
                                          grad = job.harness.cells<std::vector<float>>(0, "gates/grad"),
                                          mean = job.harness.cells<std::vector<float>>(0, "gates/alpha_mean");
    const std::vector<double> lr = job.harness.numbers(0, "series/objective/lr");
    for (std::size_t l = 0; l < kGateLayers; ++l) {
        double value = 1, first = 0, second = 0, sum = 0;
        for (std::size_t s = 0; s < alpha.size(); ++s) {
            const double g = static_cast<double>(grad[s][l]), n = static_cast<double>(s + 1);
            first = 0.9 * first + 0.1 * g;
            second = 0.999 * second + 0.001 * g * g;
            value -= lr[s] * (first / (1 - std::pow(0.9, n))) / (std::sqrt(second / (1 - std::pow(0.999, n))) + 1e-8);
            value = std::clamp(value, 0.0, 1.0);
            sum += value;
            QVERIFY(near(lr[s], publishedRate(static_cast<int>(s), 12, 2e-2), 1e-12));
            QVERIFY(near(static_cast<double>(alpha[s][l]), value, kStoredGate));
            QVERIFY(near(static_cast<double>(mean[s][l]), sum / n, kStoredGate));
        }
    }
}

void TestGatesJob::liveChangesCountFromTheNextStep() {
    GateJob job;
    job.spec.budget_rule = "fixed";
    job.spec.lambda = 0.01;
    job.harness.sink.after_row = [&](int table, const Row& row) {
        if (table != 0 || std::get<std::int64_t>(row[0]) != 4) return;
        job.harness.control.set("lambda", 0.7);
        job.harness.control.set("lr", 0.3);
        job.harness.control.set("budget", 3);
    };
    const GatesResult result = job.run();
    const std::vector<double> lambda = job.harness.numbers(0, "series/objective/lambda"),
                              lr = job.harness.numbers(0, "series/objective/lr"),
                              budget = job.harness.numbers(0, "series/objective/budget");
    for (std::size_t s = 0; s < 12; ++s) {
        const bool changed = s >= 5;
        QCOMPARE(lambda[s], changed ? 0.7 : 0.01);
        QCOMPARE(budget[s], changed ? 3.0 : 2.0);
        if (changed && s > 2 && s < 9) QCOMPARE(lr[s], 0.3);  // on the flat part of the schedule
        QVERIFY(changed || lr[s] <= 2e-2);
    }
    QVERIFY(std::abs(static_cast<double>(job.alpha()[5][0]) - static_cast<double>(job.alpha()[4][0])) > 0.05 ||
            job.alpha()[4][0] == 0);
    QCOMPARE(result.plan.budget(), 3);
    for (const char* text : {"lambda = 0.7", "lr = 0.3", "budget = 3"}) {
        QVERIFY2(job.harness.sink.logged(Severity::Info, text), text);
    }
    QVERIFY(job.harness.sink.logged(Severity::Info, "from step 5"));

    GateJob same;  // what was recorded, given from the start, is not the same run
    same.spec.budget_rule = "fixed";
    same.spec.lambda = 0.01;
    same.run();
    for (std::size_t s = 0; s <= 4; ++s) QCOMPARE(same.alpha()[s], job.alpha()[s]);
    QVERIFY(same.alpha()[5] != job.alpha()[5]);
}

// What no plan can have is moved to what one can; what the field does not take is refused.
void TestGatesJob::liveBudgetRespectsPins() {
    const int kOwn = static_cast<int>(GateJob().spec.budget);
    for (const auto& [wanted, expected] : {std::pair{0.0, 1}, {9.0, 3}, {-5.0, kOwn}, {1e300, kOwn}}) {
        GateJob job;
        job.with_probes = true;
        job.spec.probe_every = 2;
        job.pins = {{0, LayerKind::Full}, {3, LayerKind::Linear}};
        job.harness.sink.after_row = [&, wanted = wanted](int table, const Row& row) {
            if (table == 0 && std::get<std::int64_t>(row[0]) == 1) job.harness.control.set("budget", wanted);
        };
        const GatesResult result = job.run();
        QCOMPARE(result.plan.budget(), expected);
        QVERIFY(result.plan.kinds[0] == LayerKind::Full && result.plan.kinds[3] == LayerKind::Linear);
    }
}

void TestGatesJob::unknownLiveFieldsAreSaid() {
    GateJob job, untouched;
    job.harness.control.set("steps", 3);
    job.harness.control.set("budget", std::nan(""));
    job.run();
    untouched.run();
    QCOMPARE(job.alpha(), untouched.alpha());
    QVERIFY(job.harness.sink.logged(Severity::Warning, "steps = 3.000000 is not possible during a run"));
    QVERIFY(job.harness.sink.logged(Severity::Warning, "budget = nan is not possible during a run"));
}

void TestGatesJob::deadGatesAreReported_data() {
    QTest::addColumn<double>("lambda");
    QTest::addColumn<bool>("dead");
    QTest::addColumn<QString>("text");
    // The squared error is flat where every gate is 1, so only lambda moves a gate.
    QTest::newRow("nothing pulls") << 0.0 << true << QString("dead gates: the last layer kept");
    QTest::newRow("everything closes") << 1e6 << true << QString("dead gates: the last layer kept");
    QTest::newRow("alive") << 0.5 << false << QString();
}

void TestGatesJob::deadGatesAreReported() {
    QFETCH(double, lambda);
    QFETCH(bool, dead);
    QFETCH(QString, text);
    GateJob job;
    job.spec = GatesSpec::paper();
    job.spec.lengths = {20};
    job.spec.steps = lambda > 1 ? 40 : 10;
    job.spec.lr = lambda > 1 ? 0.1 : 0.02;
    job.spec.lambda = lambda;
    job.spec.budget = 2;
    const GatesResult result = job.run();
    QCOMPARE(result.dead, dead);
    if (dead) QVERIFY(job.harness.sink.logged(Severity::Warning, text.toStdString()));
    if (!dead) QVERIFY(!job.harness.sink.logged(Severity::Warning, "dead gates"));
    QCOMPARE(result.plan.budget(), 2);  // there is a plan all the same
}

void TestGatesJob::planIsTheTopOfTheRanking_data() {
    QTest::addColumn<QString>("mode");
    QTest::newRow("default: time average") << QString("default");
    QTest::newRow("paper: last gates") << QString("paper");
}

void TestGatesJob::planIsTheTopOfTheRanking() {
    QFETCH(QString, mode);
    GateJob job;
    job.spec.mode = mode.toStdString();
    job.spec.steps = 25;
    job.spec.lr = 0.1;
    job.spec.lambda = 0.02;
    const GatesResult result = job.run();
    const std::vector<double>& score = mode == "paper" ? result.alpha_L : result.averaged_L;
    const std::vector<int> full = result.plan.fullLayers();
    QCOMPARE(full.size(), std::size_t{2});
    for (int in : full) {
        for (int out = 0; out < kGateLayers; ++out) {
            if (std::find(full.begin(), full.end(), out) != full.end()) continue;
            QVERIFY(score[static_cast<std::size_t>(in)] >= score[static_cast<std::size_t>(out)]);
        }
    }
    for (std::size_t l = 0; l < kGateLayers; ++l)
        QCOMPARE(static_cast<float>(result.alpha_L[l]), job.alpha().back()[l]);
}

void TestGatesJob::impossibleBudgetsAreRefusedBeforeAnyWork() {
    for (int kind = 0; kind < 3; ++kind) {
        GateJob job;
        if (kind == 0) job.spec.budget = kGateLayers + 1;
        if (kind == 1) job.pins = {{9, LayerKind::Full}};
        if (kind == 2) job.pins = {{0, LayerKind::Full}, {1, LayerKind::Full}, {2, LayerKind::Full}};
        QVERIFY_EXCEPTION_THROWN(job.run(), InputError);
        QVERIFY(job.harness.sink.rows.empty());
    }
}

void TestGatesJob::probesComeWhenTheyAreDue() {
    for (const auto& [every, expected] :
         {std::pair{0, std::vector<double>{11}}, {5, {4, 9, 11}}, {4, {3, 7, 11}}, {12, {11}}}) {
        GateJob job;
        job.with_probes = true;
        job.spec.probe_every = every;
        job.run();
        QCOMPARE(job.harness.numbers(1, "probes/step"), expected);
    }
    GateJob without;
    without.run();
    QVERIFY(without.harness.rows(1).empty());
}

// A first batch of plain text has no answers: it must not set the multiplier to zero, which a product never leaves.
void TestGatesJob::lambdaStartsFromABatchThatAsks() {
    for (const char* objective : {"kl", "hidden", "scale_free"}) {
        GateJob job, asks_at_once;
        job.spec.objective = asks_at_once.spec.objective = objective;
        job.train = [](std::int64_t i) {
            return tinyBatch(3, 20, 4, i < 2 ? 3 : 1, static_cast<std::uint64_t>(std::max<std::int64_t>(i, 2)) + 1);
        };
        asks_at_once.train = [](std::int64_t i) {
            return tinyBatch(3, 20, 4, 1, static_cast<std::uint64_t>(std::max<std::int64_t>(i, 2)) + 1);
        };
        job.run();
        asks_at_once.run();
        const double lambda = job.harness.numbers(0, "series/objective/lambda")[0];
        QVERIFY(lambda > 0);
        QCOMPARE(lambda, asks_at_once.harness.numbers(0, "series/objective/lambda")[0]);
    }
    GateJob never;
    never.train = [](std::int64_t i) { return tinyBatch(2, 20, 4, 2, static_cast<std::uint64_t>(i) + 1); };
    QVERIFY_EXCEPTION_THROWN(never.run(), InputError);
}

// Branches that are their layers exactly give an all-linear KL of 0: the multiplier starts above zero all the same.
void TestGatesJob::lambdaNeverStartsAtZero() {
    GateJob job;
    job.spec.objective = "hidden";
    for (BranchWeights& branch : job.tiny.branches.layers) branch.o_DO.zero_();
    for (LayerWeights& layer : job.tiny.weights.layers) layer.attn.o.weight_OI.zero_();
    job.run();
    const std::vector<double> lambda = job.harness.numbers(0, "series/objective/lambda");
    QVERIFY(lambda[0] > 0);
    QVERIFY(lambda.back() > lambda[0]);  // the sum of the gates is above the budget, so the dual rises
}

// Two micro-batches of two sequences against one batch of the same four: the same gates up to rounding.
void TestGatesJob::microBatchesAreTheWholeStep() {
    GateJob whole, parts;
    whole.tiny = parts.tiny = tinyModel(kGateLayers, at::kDouble);
    whole.spec.budget_rule = parts.spec.budget_rule = "fixed";
    whole.spec.lambda = parts.spec.lambda = 0.01;
    parts.spec.micro_batches = 2;
    const auto half = [](std::int64_t i) { return tinyBatch(2, 20, 4, 0, static_cast<std::uint64_t>(i) + 1); };
    parts.train = half;
    whole.train = [half](std::int64_t step) {
        const Batch a = half(2 * step), b = half(2 * step + 1);
        Batch both = a;
        both.batch = 4;
        both.ids_BT.insert(both.ids_BT.end(), b.ids_BT.begin(), b.ids_BT.end());
        both.answer_BT.insert(both.answer_BT.end(), b.answer_BT.begin(), b.answer_BT.end());
        both.valid_BT.insert(both.valid_BT.end(), b.valid_BT.begin(), b.valid_BT.end());
        both.samples.insert(both.samples.end(), b.samples.begin(), b.samples.end());
        return both;
    };
    whole.run();
    parts.run();
    for (const char* column : {"series/loss/answer_kl", "series/loss/total"}) {
        const std::vector<double> a = whole.harness.numbers(0, column), b = parts.harness.numbers(0, column);
        for (std::size_t s = 0; s < a.size(); ++s) QVERIFY(near(a[s], b[s], 1e-9));
    }
    const auto std_whole = whole.harness.cells<std::vector<float>>(0, "gates/grad_std"),
               std_parts = parts.harness.cells<std::vector<float>>(0, "gates/grad_std");
    for (std::size_t l = 0; l < kGateLayers; ++l) QVERIFY(near(std_whole[0][l], std_parts[0][l], 1e-6));
    QCOMPARE(whole.harness.numbers(0, "steps/tokens"), parts.harness.numbers(0, "steps/tokens"));
}

// Two layers whose gates stand closer than they move: said, and not called dead.
void TestGatesJob::closeCallsAreSaid() {
    GateJob job;
    job.spec.steps = 30;
    job.spec.lr = 0.1;
    const GatesResult result = job.run();
    const std::vector<std::vector<float>> alpha = job.alpha();
    std::vector<std::vector<double>> recent;
    for (std::size_t s = alpha.size() - 8; s < alpha.size(); ++s) recent.emplace_back(alpha[s].begin(), alpha[s].end());
    double kept = 2, left_out = -1, noise = 0;
    std::size_t kept_layer = 0, out_layer = 0;
    for (std::size_t l = 0; l < kGateLayers; ++l) {
        const double score = static_cast<float>(result.averaged_L[l]);
        const bool full = result.plan.kinds[l] == LayerKind::Full;
        if (full && score < kept) kept = score, kept_layer = l;
        if (!full && score > left_out) left_out = score, out_layer = l;
    }
    for (const std::size_t l : {kept_layer, out_layer}) {
        double mean = 0, squares = 0;
        for (const std::vector<double>& row : recent) mean += row[l] / 8, squares += row[l] * row[l] / 8;
        noise = std::max(noise, std::sqrt(std::max(0.0, squares - mean * mean)));
    }
    QCOMPARE(result.dead, kept - left_out <= 1e-3);
    QCOMPARE(result.undecided, kept - left_out <= std::max(noise, 1e-3));
    QCOMPARE(job.harness.sink.logged(Severity::Warning, "close call"), result.undecided && !result.dead);
}

QTEST_GUILESS_MAIN(TestGatesJob)
#include "test_gates_job.moc"
