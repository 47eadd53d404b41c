// Scores of plans against one full forward pass and hand-computed KL, NLL and argmax in float64 (plan_oracle.h).
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "core/base/error.h"
#include "core/engine/plan_evaluator.h"
#include "core/model/device.h"
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
    QVERIFY(near(scores.all.token_accuracy, expected.token_accuracy, kPlanScores));
    QVERIFY(near(scores.all.exact_match, expected.exact_match, kPlanScores));
    QVERIFY(near(scores.text_kl.value, expected.text_kl, kPlanScores));
    QVERIFY(near(scores.text_nll, expected.text_nll, kPlanScores));
    QVERIFY(near(scores.top1_agreement, expected.top1_agreement, kPlanScores));
    std::vector<double> kl, exact;
    for (const SequenceScore& s : scores.sequences) {
        if (s.isText()) continue;
        kl.push_back(s.kl), exact.push_back(s.exact);
    }
    QCOMPARE(kl.size(), expected.sample_kl.size());
    for (std::size_t i = 0; i < kl.size(); ++i) {
        QVERIFY(near(kl[i], expected.sample_kl[i], kPlanScores));
        QVERIFY(near(exact[i], expected.sample_exact[i], kPlanScores));
    }
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
    void theReferenceIsTheTeachersAlsoForOtherWeights();
    void aProbeGoesOnWhereItStopped();
    void theScaleIsTheEntropyOfTheAnswers();
    void pollStopsBetweenLayers();
    void probeIdNamesTheTokens();

private:
    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble);
    std::vector<Batch> batches_ = taughtBatches(tiny_);
    ProbeSet probe_{tiny_.weights, batches_};
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
    const ProbeScores teacher = evaluator.evaluate(planOf("FFFF"));
    QCOMPARE(teacher.all.answer_kl, 0.0);
    QCOMPARE(teacher.text_kl.value, 0.0);
    QCOMPARE(teacher.top1_agreement, 1.0);
    QCOMPARE(teacher.all.exact_match, 1.0);
    PlanEvaluator linear(tiny_.weights, &tiny_.branches, probe_);
    const ProbeScores scores = linear.evaluate(planOf("LLLL"));
    QVERIFY(scores.all.answer_kl > 0.01 && scores.all.token_accuracy < 1);
    // The teacher's own figures stand beside every plan's.
    QCOMPARE(scores.all.teacher_exact_match, 1.0);
    QVERIFY(near(scores.all.teacher_nll, teacher.all.answer_nll, kPlanScores));
    QVERIFY(near(scores.teacher_text_nll, teacher.text_nll, kPlanScores));
}

// A hybrid with weights of its own is held against the teacher's distribution, final norm and head included: with the
// final norm doubled, an all-full "hybrid" is far from its teacher.
void TestPlanEvaluator::theReferenceIsTheTeachersAlsoForOtherWeights() {
    DecoderWeights doubled = tiny_.weights;
    doubled.final_norm_D = doubled.final_norm_D * 2;
    for (const char* plan : {"FFFF", "FLLF"}) {
        PlanEvaluator evaluator(doubled, &tiny_.branches, probe_);
        const ProbeScores scores = evaluator.evaluate(planOf(plan));
        compare(scores, oracleScores(doubled, tiny_.branches, planOf(plan), batches_, &tiny_.weights));
        QVERIFY(scores.all.answer_kl > 0.01 && scores.text_kl.value > 0.01);
    }
}

// Entry by entry gives what the whole gives, and a second plan's entries are its own.
void TestPlanEvaluator::aProbeGoesOnWhereItStopped() {
    ProbeSet fresh(tiny_.weights, batches_);
    PlanEvaluator evaluator(tiny_.weights, &tiny_.branches, fresh);
    const Plan plan = planOf("FLLF");
    QVERIFY(evaluator.scoresSoFar(plan).sequences.empty());
    QVERIFY(evaluator.advance(plan));
    const ProbeScores part = evaluator.scoresSoFar(plan);
    compare(part, oracleScores(tiny_.weights, tiny_.branches, plan, {batches_[0]}));
    QVERIFY(!part.complete() && part.planned_sequences == 6);
    QVERIFY(evaluator.advance(planOf("LLLL")));
    const std::int64_t layers = evaluator.layerEvaluations();
    const ProbeScores whole = evaluator.evaluate(plan);  // the rest only
    QCOMPARE(evaluator.layerEvaluations() - layers, std::int64_t{kLayers});
    compare(whole, oracleScores(tiny_.weights, tiny_.branches, plan, batches_));
    QVERIFY(whole.complete() && !evaluator.advance(plan));
}

// H(mean p) - mean H(p) over the teacher's distributions at answer rows, in float64 loops.
void TestPlanEvaluator::theScaleIsTheEntropyOfTheAnswers() {
    std::vector<double> mean(61, 0.0);
    double entropy = 0, rows = 0;
    for (const Batch& batch : batches_) {
        const auto p = oracleLogits(tiny_.weights, tiny_.branches, planOf("FFFF"), batch);
        for (std::size_t row = 0; row + 1 < p.size(); ++row) {
            if (batch.answer_BT[row + 1] == 0) continue;
            const std::vector<double> log_p = logSoftmax(p[row]);
            for (std::size_t v = 0; v < mean.size(); ++v) {
                mean[v] += std::exp(log_p[v]);
                entropy -= std::exp(log_p[v]) * log_p[v];
            }
            ++rows;
        }
    }
    double mixed = 0;
    for (const double sum : mean) mixed -= sum / rows * std::log(sum / rows);
    QVERIFY(near(probe_.answerKlScale(probe_.numEntries()), mixed - entropy / rows, 1e-9));
}

void TestPlanEvaluator::sharingLayersChangesNothing() {
    std::vector<Plan> plans;
    for (int mask = 0; mask < 16; ++mask) {
        std::string key;
        for (int l = 0; l < kLayers; ++l) key += (mask >> l) % 2 != 0 ? 'F' : 'L';
        plans.push_back(planOf(key));
    }
    PlanEvaluator together(tiny_.weights, &tiny_.branches, probe_);
    std::vector<std::int64_t> told;
    const std::vector<ProbeScores> scores =
        together.evaluate(plans, [&](std::int64_t done, std::int64_t) { told.push_back(done); });
    QCOMPARE(told, (std::vector<std::int64_t>{1, 2}));
    // 2 + 4 + 8 + 16 nodes of the tree for each of the two batches, instead of 16 plans of 4 layers.
    QCOMPARE(together.layerEvaluations(), std::int64_t{2 * 30});
    for (std::size_t i = 0; i < plans.size(); ++i) {
        PlanEvaluator alone(tiny_.weights, &tiny_.branches, probe_);
        const ProbeScores expected = alone.evaluate(plans[i]);
        QCOMPARE(scores[i].all.answer_kl, expected.all.answer_kl);
        QCOMPARE(scores[i].all.answer_nll, expected.all.answer_nll);
        QCOMPARE(scores[i].text_kl.value, expected.text_kl.value);
        QCOMPARE(scores[i].sequences.size(), expected.sequences.size());
        for (std::size_t k = 0; k < expected.sequences.size(); ++k)
            QCOMPARE(scores[i].sequences[k].kl, expected.sequences[k].kl);
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
    QCOMPARE(ProbeSet(tiny_.weights, batches_).id(), probe_.id());
    std::vector<Batch> other = batches_;
    other[1].ids_BT[5] = (other[1].ids_BT[5] + 1) % 61;
    QVERIFY(ProbeSet(tiny_.weights, other).id() != probe_.id());
    QCOMPARE(probe_.plannedSequences(), std::int64_t{6});
}

QTEST_GUILESS_MAIN(TestPlanEvaluator)
#include "test_plan_evaluator.moc"
