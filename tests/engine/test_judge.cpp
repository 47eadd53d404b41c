// The judge's table against scores and paired differences from the test's own float64 forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "core/engine/judge.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 4;

// Tasks "tiny" (seen) and "other" (an unseen family), and plain text.
std::vector<Batch> judgeBatches() {
    Batch seen = tinyBatch(12, 20, 4, 4, 51), unseen = tinyBatch(8, 20, 3, 0, 52);
    for (Sample& sample : unseen.samples) sample.task = "other";
    return {seen, unseen};
}

}  // namespace

class TestJudge : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void scoresAreThoseOfEachSubject();
    void differencesArePaired();
    void theBestIsNotAloneWithoutAReason();

private:
    JudgeResult judge(JobHarness& harness);

    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble);
    DecoderWeights recovered_ = tinyModel(kLayers, at::kDouble).weights;
    std::vector<Batch> batches_ = judgeBatches();
    std::vector<JudgeSubject> subjects_;
};

JudgeResult TestJudge::judge(JobHarness& harness) {
    recovered_.final_norm_D = tiny_.weights.final_norm_D * 1.1;
    subjects_ = {{"all-linear", "", planOf("LLLL"), &tiny_.weights, &tiny_.branches},
                 {"gates", "", planOf("FLLF"), &tiny_.weights, &tiny_.branches},
                 {"by hand", "", planOf("LFFL"), &tiny_.weights, &tiny_.branches},
                 {"the same", "", planOf("FLLF"), &tiny_.weights, &tiny_.branches},
                 {"recovered", "abc", planOf("FLLF"), &recovered_, &tiny_.branches}};
    JudgeSpec spec;
    spec.tasks = {"tiny"};
    spec.unseen = {"other"};
    ProbeSet probe(tiny_.weights, batches_);
    return runJudge(spec, subjects_, probe, harness.context);
}

void TestJudge::scoresAreThoseOfEachSubject() {
    JobHarness harness(judgeTables(kLayers));
    const JudgeResult result = judge(harness);
    QCOMPARE(result.subjects.size(), std::size_t{5});
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
        const JudgeSubject& s = subjects_[i];
        const auto oracle = [&](const std::vector<Batch>& batches) {
            return oracleScores(*s.weights, tiny_.branches, s.plan, batches, &tiny_.weights);
        };
        QVERIFY(near(result.subjects[i].all.all.answer_kl, oracle(batches_).answer_kl, kPlanScores));
        QVERIFY(near(result.subjects[i].seen.all.answer_kl, oracle({batches_[0]}).answer_kl, kPlanScores));
        QVERIFY(near(result.subjects[i].unseen.all.answer_kl, oracle({batches_[1]}).answer_kl, kPlanScores));
        QVERIFY(near(result.subjects[i].all.text_kl.value, oracle(batches_).text_kl, kPlanScores));
    }
    QCOMPARE(harness.cells<std::string>(0, "subjects/hybrid")[4], std::string("abc"));
    QCOMPARE(harness.cells<std::string>(3, "probes/purpose")[0], std::string("judge"));
    QCOMPARE(harness.rows(1).size(), std::size_t{10});  // seen and unseen of each
    QCOMPARE(harness.rows(2).size(), std::size_t{10});  // pairs
    QCOMPARE(harness.rows(4).size(), 5 * (batches_[0].samples.size() + batches_[1].samples.size()));
}

// Mean and interval of per-sequence differences, Student's t over 8 sequences of each task and 4 of text.
void TestJudge::differencesArePaired() {
    JobHarness harness(judgeTables(kLayers));
    const JudgeResult result = judge(harness);
    const auto oracle = [&](const char* plan) {
        return oracleScores(tiny_.weights, tiny_.branches, planOf(plan), batches_);
    };
    const OracleScores a = oracle("LLLL"), b = oracle("FLLF");
    const ScoreDifference& d = result.difference[0][1];
    QVERIFY(near(d.objective.value, a.answer_kl - b.answer_kl + 0.15 * (a.text_kl - b.text_kl), 4 * kPlanScores));
    double variance = 0, fourth = 0;
    const auto add = [&](const std::vector<double>& x, const std::vector<double>& y, std::size_t first, std::size_t n,
                         double share) {
        double mean = 0, squares = 0;
        for (std::size_t i = first; i < first + n; ++i) mean += (x[i] - y[i]) / static_cast<double>(n);
        for (std::size_t i = first; i < first + n; ++i) squares += std::pow(x[i] - y[i] - mean, 2);
        const double part = share * share * squares / static_cast<double>((n - 1) * n);
        variance += part;
        fourth += part * part / static_cast<double>(n - 1);
    };
    add(a.sample_kl, b.sample_kl, 0, 8, 0.5);
    add(a.sample_kl, b.sample_kl, 8, 8, 0.5);
    const double answers = variance, answers_df = variance * variance / fourth;
    variance = fourth = 0;
    add(a.sample_text_kl, b.sample_text_kl, 0, 4, 0.15);
    const double text = variance, text_df = variance * variance / fourth;
    const double total = answers + text;
    const double df = total * total / (answers * answers / answers_df + text * text / text_df);
    QVERIFY(near(d.objective.high - d.objective.value, studentQuantile(0.975, df) * std::sqrt(total), 1e-9));
    QCOMPARE(d.answer_kl.n, std::int64_t{16});
    QVERIFY(near(result.difference[1][0].objective.value, -d.objective.value, 1e-12));
    QVERIFY(!result.difference[1][3].differs());  // the same plan twice
}

// Two subjects with the same plan are tied whatever the noise; another budget does not enter.
void TestJudge::theBestIsNotAloneWithoutAReason() {
    JobHarness harness(judgeTables(kLayers));
    const JudgeResult result = judge(harness);
    const auto objective = [&](std::size_t i) { return planObjective(result.subjects[i].all, 0.15); };
    std::size_t best = 1;
    for (std::size_t i = 1; i < 5; ++i) best = objective(i) < objective(best) ? i : best;
    const std::vector<std::size_t> tied = result.tiedWithBest(2);
    QVERIFY(std::find(tied.begin(), tied.end(), best) != tied.end());
    for (std::size_t i = 1; i < 5; ++i) {
        const bool apart = i != best && result.difference[i][best].objective.excludesZero();
        QCOMPARE(std::find(tied.begin(), tied.end(), i) != tied.end(), !apart);
    }
    QCOMPARE(result.tiedWithBest(0), (std::vector<std::size_t>{0}));
    QVERIFY(result.tiedWithBest(3).empty());
}

QTEST_GUILESS_MAIN(TestJudge)
#include "test_judge.moc"
