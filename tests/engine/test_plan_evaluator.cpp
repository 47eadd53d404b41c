// Scores of plans against one full forward pass and hand-computed KL, NLL and argmax in float64 (plan_oracle.h).
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "core/engine/plan_evaluator.h"
#include "core/model/device.h"
#include "core/run/error.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 4;

// Two answers in one of the sequences, padding behind another, text in two: everything the scores distinguish.
std::vector<Batch> probeBatches() {
    Batch mixed = tinyBatch(4, 26, 5, 2, 11);
    Sample& two = mixed.samples[3];
    two.answers.insert(two.answers.begin(), {9, 2, "", 0.2, 0});
    for (std::int32_t t = 9; t < 11; ++t) mixed.answer_BT[static_cast<std::size_t>(3 * 26 + t)] = 1;
    for (std::int32_t t = 19; t < 26; ++t) mixed.valid_BT[static_cast<std::size_t>(26 + t)] = 0;
    Batch second = tinyBatch(2, 19, 3, 0, 12);
    for (Sample& sample : second.samples) sample.task = "other";
    return {mixed, second};
}

// Golden answers where the all-full model knows them: labels are what the teacher would say, so that accuracies are
// neither all 0 nor all 1 over the plans.
std::vector<Batch> taughtBatches(const TinyModel& tiny) {
    std::vector<Batch> batches = probeBatches();
    for (Batch& batch : batches) {
        for (std::int32_t t = 1; t < batch.tokens; ++t) {
            const auto logits = oracleLogits(tiny.weights, tiny.branches, planOf("FFFF"), batch);
            for (std::int32_t b = 0; b < batch.batch; ++b) {
                const std::size_t at = static_cast<std::size_t>(b * batch.tokens + t);
                if (batch.answer_BT[at] != 0) batch.ids_BT[at] = static_cast<TokenId>(argmax(logits[at - 1]));
            }
        }
    }
    return batches;
}

void compare(const ProbeScores& scores, const OracleScores& expected) {
    QCOMPARE(scores.all.rows, expected.answer_rows);
    QCOMPARE(scores.all.answers, expected.answers);
    QCOMPARE(scores.text_rows, expected.text_rows);
    QVERIFY(near(scores.all.answer_kl, expected.answer_kl, kPlanScores));
    QVERIFY(near(scores.all.answer_nll, expected.answer_nll, kPlanScores));
    QCOMPARE(scores.all.token_accuracy, expected.token_accuracy);
    QCOMPARE(scores.all.exact_match, expected.exact_match);
    QVERIFY(near(scores.text_kl, expected.text_kl, kPlanScores));
    QVERIFY(near(scores.text_nll, expected.text_nll, kPlanScores));
    QCOMPARE(scores.top1_agreement, expected.top1_agreement);
    QCOMPARE(scores.sample_kl.size(), expected.sample_kl.size());
    for (std::size_t i = 0; i < expected.sample_kl.size(); ++i)
        QVERIFY(near(scores.sample_kl[i], expected.sample_kl[i], kPlanScoresFloat32));
}

}  // namespace

class TestPlanEvaluator : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void scoresAreThoseOfAFullForwardPass_data();
    void scoresAreThoseOfAFullForwardPass();
    void teacherScoresAreZeroAndPerfect();
    void sharingLayersChangesNothing();
    void measuredPlansAreNotMeasuredAgain();
    void tasksAreKeptApart();
    void halfWidthIsTheNormalInterval();
    void pollStopsBetweenLayers();
    void probeIdNamesTheTokens();

private:
    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble);
    std::vector<Batch> batches_ = taughtBatches(tiny_);
    ProbeSet probe_ = makeProbeSet(tiny_.weights, batches_);
};

void TestPlanEvaluator::scoresAreThoseOfAFullForwardPass_data() {
    QTest::addColumn<QString>("plan");
    for (const char* plan : {"FFFF", "LLLL", "FLLL", "LLLF", "LFFL", "FLFL"}) QTest::newRow(plan) << QString(plan);
}

void TestPlanEvaluator::scoresAreThoseOfAFullForwardPass() {
    QFETCH(QString, plan);
    const Plan wanted = planOf(plan.toStdString());
    PlanEvaluator evaluator(tiny_.weights, &tiny_.branches, probe_);
    compare(evaluator.evaluate(wanted), oracleScores(tiny_.weights, tiny_.branches, wanted, batches_));
}

void TestPlanEvaluator::teacherScoresAreZeroAndPerfect() {
    PlanEvaluator evaluator(tiny_.weights, nullptr, probe_);  // the teacher needs no branches
    const ProbeScores& teacher = evaluator.teacher();
    QCOMPARE(teacher.all.answer_kl, 0.0);
    QCOMPARE(teacher.text_kl, 0.0);
    QCOMPARE(teacher.top1_agreement, 1.0);
    QCOMPARE(teacher.all.exact_match, 1.0);
    PlanEvaluator linear(tiny_.weights, &tiny_.branches, probe_);
    const ProbeScores scores = linear.evaluate(planOf("LLLL"));
    QVERIFY(scores.all.answer_kl > 0.01 && scores.all.token_accuracy < 1);
}

void TestPlanEvaluator::sharingLayersChangesNothing() {
    std::vector<Plan> plans;
    for (int mask = 0; mask < 16; ++mask) {
        std::string key;
        for (int l = 0; l < kLayers; ++l) key += (mask >> l) % 2 != 0 ? 'F' : 'L';
        plans.push_back(planOf(key));
    }
    PlanEvaluator together(tiny_.weights, &tiny_.branches, probe_);
    std::vector<std::size_t> told;
    const std::vector<ProbeScores> scores = together.evaluate(plans, [&](std::size_t i) { told.push_back(i); });
    QCOMPARE(told.size(), plans.size());
    // 2 + 4 + 8 + 16 nodes of the tree for each of the two batches, instead of 16 plans of 4 layers.
    QCOMPARE(together.layerEvaluations(), std::int64_t{2 * 30});
    for (std::size_t i = 0; i < plans.size(); ++i) {
        PlanEvaluator alone(tiny_.weights, &tiny_.branches, probe_);
        const ProbeScores expected = alone.evaluate(plans[i]);
        QCOMPARE(scores[i].all.answer_kl, expected.all.answer_kl);
        QCOMPARE(scores[i].all.answer_nll, expected.all.answer_nll);
        QCOMPARE(scores[i].text_kl, expected.text_kl);
        QCOMPARE(scores[i].sample_kl, expected.sample_kl);
        QCOMPARE(scores[i].sample_exact, expected.sample_exact);
    }
}

void TestPlanEvaluator::measuredPlansAreNotMeasuredAgain() {
    PlanEvaluator evaluator(tiny_.weights, &tiny_.branches, probe_);
    const ProbeScores first = evaluator.evaluate(planOf("FLLF"));
    const std::int64_t layers = evaluator.layerEvaluations();
    QCOMPARE(layers, std::int64_t{2 * kLayers});
    Plan pinned = planOf("FLLF");
    pinned.pins = {{0, LayerKind::Full}};  // pins are how a plan was found, not what it is
    QCOMPARE(evaluator.evaluate(pinned).all.answer_kl, first.all.answer_kl);
    const std::vector<Plan> twice = {planOf("FLLF"), planOf("LLLL"), planOf("LLLL")};
    const std::vector<ProbeScores> scores = evaluator.evaluate(twice);
    QCOMPARE(evaluator.layerEvaluations(), 2 * layers);  // LLLL once
    QCOMPARE(scores[0].all.answer_kl, first.all.answer_kl);
    QCOMPARE(scores[1].all.answer_kl, scores[2].all.answer_kl);
}

void TestPlanEvaluator::tasksAreKeptApart() {
    PlanEvaluator evaluator(tiny_.weights, &tiny_.branches, probe_);
    const ProbeScores scores = evaluator.evaluate(planOf("LFLF"));
    QCOMPARE(scores.tasks.size(), std::size_t{2});
    const OracleScores tiny = oracleScores(tiny_.weights, tiny_.branches, planOf("LFLF"), {batches_[0]});
    const OracleScores other = oracleScores(tiny_.weights, tiny_.branches, planOf("LFLF"), {batches_[1]});
    QVERIFY(near(scores.tasks.at("tiny").answer_kl, tiny.answer_kl, kPlanScores));
    QVERIFY(near(scores.tasks.at("other").answer_kl, other.answer_kl, kPlanScores));
    QCOMPARE(scores.tasks.at("tiny").answers, std::int64_t{3});
    QCOMPARE(scores.tasks.at("other").answers, std::int64_t{2});
}

void TestPlanEvaluator::halfWidthIsTheNormalInterval() {
    // mean 3, sample variance 2.5, standard error sqrt(2.5 / 5)
    QVERIFY(near(halfWidth95({1, 2, 3, 4, 5}), 1.96 * std::sqrt(0.5), 1e-12));
    QCOMPARE(halfWidth95({2, 2, 2}), 0.0);
    QCOMPARE(halfWidth95({7}), 0.0);
    QCOMPARE(halfWidth95({}), 0.0);
}

void TestPlanEvaluator::pollStopsBetweenLayers() {
    int polls = 0;
    PlanEvaluator evaluator(tiny_.weights, &tiny_.branches, probe_, [&polls] {
        if (++polls == 3) throw Cancelled();
    });
    QVERIFY_EXCEPTION_THROWN(evaluator.evaluate(planOf("FLFL")), Cancelled);
    QCOMPARE(evaluator.layerEvaluations(), std::int64_t{2});
    polls = 100;  // what was cut short is not in the cache
    const ProbeScores scores = evaluator.evaluate(planOf("FLFL"));
    compare(scores, oracleScores(tiny_.weights, tiny_.branches, planOf("FLFL"), batches_));
}

void TestPlanEvaluator::probeIdNamesTheTokens() {
    QCOMPARE(makeProbeSet(tiny_.weights, batches_).id, probe_.id);
    std::vector<Batch> other = batches_;
    other[1].ids_BT[5] = (other[1].ids_BT[5] + 1) % 61;
    QVERIFY(makeProbeSet(tiny_.weights, other).id != probe_.id);
    QCOMPARE(probe_.num_tokens, std::int64_t{4 * 26 + 2 * 19});
}

QTEST_GUILESS_MAIN(TestPlanEvaluator)
#include "test_plan_evaluator.moc"
