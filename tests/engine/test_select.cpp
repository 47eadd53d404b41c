// Selectors on a tiny model against brute force: every objective comes from the test's own float64 forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <bit>
#include <map>
#include <numeric>

#include "core/base/error.h"
#include "core/engine/select.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 5;
constexpr double kTextWeight = 0.4;

std::string key(unsigned mask) {
    std::string plan;
    for (int l = 0; l < kLayers; ++l) plan += (mask >> l) % 2 != 0 ? 'F' : 'L';
    return plan;
}

int bits(unsigned mask) { return std::popcount(mask); }

// Layers by falling value, the lower index first among equals.
std::vector<int> ranked(const std::vector<double>& value_L) {
    std::vector<int> order(value_L.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return value_L[static_cast<std::size_t>(a)] > value_L[static_cast<std::size_t>(b)];
    });
    return order;
}

std::string best(const std::vector<double>& value_L, int budget) {
    std::string plan(kLayers, 'L');
    const std::vector<int> order = ranked(value_L);
    for (int i = 0; i < budget; ++i) plan[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = 'F';
    return plan;
}

}  // namespace

class TestSelect : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void removeOneAndRestoreOne();
    void localErrorIsTheBranchAgainstItsLayer();
    void greedyTakesTheBestStep();
    void exhaustiveFindsTheOptimum();
    void randomIsTheMiddleOfItsBand();
    void reportedOnOtherDataThanChosen();
    void uniformAndScores();
    void seedsAreCounted();
    void aProbeWithoutAnswersDecidesNothing();
    void allProblemsAtOnce();

private:
    std::vector<SelectedPlan> run(JobHarness& harness, const std::vector<std::string>& selectors,
                                  const std::vector<int>& budgets, std::int64_t seeds = 1);
    double objective(const std::string& plan) const { return objective_.at(plan); }
    std::vector<double> layerValues(bool removing) const;

    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble, true, {}, 17);
    std::vector<Batch> batches_ = {tinyBatch(3, 22, 4, 1, 31), tinyBatch(1, 18, 3, 0, 32)};
    std::vector<Batch> unseen_ = {tinyBatch(4, 22, 4, 1, 77)};  // what plans are measured on
    std::map<std::string, double> objective_;                   // of all 32 plans, on what chooses
    std::vector<Inclusion> inclusion_;                          // of the last run
};

void TestSelect::initTestCase() {
    setThreads(1);
    for (unsigned mask = 0; mask < 1u << kLayers; ++mask) {
        const OracleScores s = oracleScores(tiny_.weights, tiny_.branches, planOf(key(mask)), batches_);
        objective_[key(mask)] = s.answer_kl + kTextWeight * s.text_kl;
    }
}

std::vector<SelectedPlan> TestSelect::run(JobHarness& harness, const std::vector<std::string>& selectors,
                                          const std::vector<int>& budgets, std::int64_t seeds) {
    SelectSpec spec;
    spec.selectors = selectors;
    spec.budgets = budgets;
    spec.text_kl_weight = kTextWeight;
    spec.random_plans = 5;
    SelectInputs inputs;
    inputs.weights = &tiny_.weights;
    inputs.branches = &tiny_.branches;
    spec.seeds = seeds;
    for (std::int64_t i = 0; i < seeds; ++i)
        inputs.choosing.push_back(std::make_shared<ProbeSet>(tiny_.weights, batches_));
    inputs.measuring = std::make_shared<ProbeSet>(tiny_.weights, unseen_);
    const SelectResult result = runSelect(spec, inputs, harness.context);
    inclusion_ = result.inclusion;
    return result.plans;
}

std::vector<double> TestSelect::layerValues(bool removing) const {
    std::vector<double> values;
    for (int l = 0; l < kLayers; ++l) {
        std::string plan(kLayers, removing ? 'F' : 'L');
        const double before = objective(plan);
        plan[static_cast<std::size_t>(l)] = removing ? 'L' : 'F';
        values.push_back(removing ? objective(plan) - before : before - objective(plan));
    }
    return values;
}

void TestSelect::removeOneAndRestoreOne() {
    for (const bool removing : {true, false}) {
        JobHarness harness(selectTables(kLayers));
        const std::vector<SelectedPlan> plans = run(harness, {removing ? "remove-one" : "restore-one"}, {1, 2, 4});
        const std::vector<double> expected = layerValues(removing);
        for (const SelectedPlan& selected : plans) {
            for (std::size_t l = 0; l < kLayers; ++l) QVERIFY(near(selected.value_L[l], expected[l], 2 * kPlanScores));
            QCOMPARE(selected.plan.key(), best(expected, selected.plan.budget()));
        }
        QCOMPARE(plans[0].plans_measured, std::int64_t{kLayers + 1});
        QCOMPARE(plans[1].plans_measured, std::int64_t{0});  // one pass serves every budget
        QCOMPARE(harness.rows(1).size(), std::size_t{1});
        QCOMPARE(harness.rows(2).size(), std::size_t{kLayers + 1});
    }
}

// e_l = mean over answer rows of || L(x) - F(x) ||^2 under the teacher's own inputs.
void TestSelect::localErrorIsTheBranchAgainstItsLayer() {
    const Batch& batch = batches_[0];
    const ModelConfig& config = tiny_.weights.config;
    std::vector<std::int64_t> ids(batch.ids_BT.begin(), batch.ids_BT.end());
    const Rope rope = makeRope(config, batch.tokens, at::kCPU, at::kDouble);
    at::Tensor hidden = tiny_.weights.embed_VD.index_select(0, at::tensor(ids)).view({batch.batch, batch.tokens, -1});
    std::vector<double> expected;
    for (std::size_t l = 0; l < kLayers; ++l) {
        const LayerWeights& w = tiny_.weights.layers[l];
        const at::Tensor normed = rmsNorm(hidden, w.attn_norm_D, config.rms_norm_eps);
        const at::Tensor full = softmaxMixer(normed, w.attn, config, rope);
        const at::Tensor linear = linearMixer(normed, tiny_.branches.layers[l], tiny_.branches.spec, config);
        const at::Tensor square_BT = (linear - full).square().sum(-1);
        double sum = 0;
        int rows = 0;
        for (std::int32_t i = 0; i + 1 < batch.batch * batch.tokens; ++i) {
            if (batch.answer_BT[static_cast<std::size_t>(i) + 1] == 0) continue;
            sum += square_BT.flatten()[i].item<double>();
            ++rows;
        }
        expected.push_back(sum / rows);
        hidden = hidden + full;
        hidden = hidden + swigluMlp(rmsNorm(hidden, w.mlp_norm_D, config.rms_norm_eps), w.mlp);
    }
    JobHarness harness(selectTables(kLayers));
    const std::vector<SelectedPlan> plans = run(harness, {"local-error"}, {2});
    for (std::size_t l = 0; l < kLayers; ++l) QVERIFY(near(plans[0].value_L[l], expected[l], 1e-9 * expected[l]));
    QCOMPARE(plans[0].plan.key(), best(expected, 2));
}

void TestSelect::greedyTakesTheBestStep() {
    for (const bool removing : {true, false}) {
        std::string plan(kLayers, removing ? 'F' : 'L');
        const int budget = 2;
        std::int64_t measured = 0;
        while (std::count(plan.begin(), plan.end(), 'F') != budget) {
            std::string next;
            for (std::size_t l = 0; l < kLayers; ++l) {
                std::string candidate = plan;
                if (candidate[l] == (removing ? 'L' : 'F')) continue;
                candidate[l] = removing ? 'L' : 'F';
                ++measured;
                if (next.empty() || objective(candidate) < objective(next)) next = candidate;
            }
            plan = next;
        }
        JobHarness harness(selectTables(kLayers));
        const std::vector<SelectedPlan> plans = run(harness, {removing ? "greedy-remove" : "greedy-add"}, {budget});
        QCOMPARE(plans[0].plan.key(), plan);
        QCOMPARE(plans[0].plans_measured, measured);
    }
}

void TestSelect::exhaustiveFindsTheOptimum() {
    JobHarness harness(selectTables(kLayers));
    const std::vector<SelectedPlan> plans = run(harness, {"exhaustive"}, {1, 2, 3, kLayers});
    std::size_t expected_rows = 0;
    for (const SelectedPlan& selected : plans) {
        const int budget = selected.plan.budget();
        std::string optimum;
        std::int64_t count = 0;
        for (unsigned mask = 0; mask < 1u << kLayers; ++mask) {
            if (bits(mask) != budget) continue;
            ++count;
            if (optimum.empty() || objective(key(mask)) < objective(optimum)) optimum = key(mask);
        }
        QCOMPARE(selected.plan.key(), optimum);
        QCOMPARE(selected.plans_measured, count);
        expected_rows += static_cast<std::size_t>(count);
    }
    const std::vector<std::string> measured = harness.cells<std::string>(2, "tried/plan");
    const std::vector<double> values = harness.numbers(2, "tried/objective");
    QCOMPARE(measured.size(), expected_rows);
    for (std::size_t i = 0; i < measured.size(); ++i) QVERIFY(near(values[i], objective(measured[i]), 2 * kPlanScores));
}

void TestSelect::randomIsTheMiddleOfItsBand() {
    JobHarness harness(selectTables(kLayers)), again(selectTables(kLayers));
    const std::vector<SelectedPlan> plans = run(harness, {"random"}, {2});
    const std::vector<std::string> drawn = harness.cells<std::string>(2, "tried/plan");
    QCOMPARE(drawn.size(), std::size_t{5});
    int below = 0, above = 0;
    for (const std::string& plan : drawn) {
        QCOMPARE(std::count(plan.begin(), plan.end(), 'F'), 2);
        below += objective(plan) < objective(plans[0].plan.key()) - kPlanScores ? 1 : 0;
        above += objective(plan) > objective(plans[0].plan.key()) + kPlanScores ? 1 : 0;
    }
    QVERIFY(below <= 2 && above <= 2);
    run(again, {"random"}, {2});
    QCOMPARE(again.cells<std::string>(2, "tried/plan"), drawn);  // the seed decides
}

void TestSelect::uniformAndScores() {
    JobHarness harness(selectTables(kLayers));
    const std::vector<SelectedPlan> plans = run(harness, {"uniform-a", "uniform-b"}, {2});
    QCOMPARE(plans[0].plan.key(), std::string("FLFLL"));  // 0 and floor(5/2)
    QCOMPARE(plans[1].plan.key(), std::string("LFLLF"));  // the last of each half
    QVERIFY(plans[0].value_L.empty());
    QCOMPARE(harness.cells<std::string>(0, "plans/plan"), (std::vector<std::string>{"FLFLL", "LFLLF"}));
    const OracleScores expected = oracleScores(tiny_.weights, tiny_.branches, planOf("LFLLF"), unseen_);
    QVERIFY(near(harness.numbers(4, "probes/answer_kl")[1], expected.answer_kl, kPlanScores));
    QVERIFY(near(harness.numbers(4, "probes/text_kl")[1], expected.text_kl, kPlanScores));
    QCOMPARE(harness.cells<std::string>(4, "probes/purpose"), (std::vector<std::string>{"measure", "measure"}));
    QCOMPARE(harness.rows(5).size(), 2 * unseen_[0].samples.size());
}

// Exhaustive search is the optimum of what it saw, and its reported score is another number: that of unseen data.
void TestSelect::reportedOnOtherDataThanChosen() {
    JobHarness harness(selectTables(kLayers));
    const SelectedPlan selected = run(harness, {"exhaustive"}, {2})[0];
    const OracleScores seen = oracleScores(tiny_.weights, tiny_.branches, selected.plan, batches_);
    const OracleScores fresh = oracleScores(tiny_.weights, tiny_.branches, selected.plan, unseen_);
    QVERIFY(near(selected.chosen_objective, seen.answer_kl + kTextWeight * seen.text_kl, 2 * kPlanScores));
    QVERIFY(near(selected.scores.all.answer_kl, fresh.answer_kl, kPlanScores));
    QVERIFY(std::abs(seen.answer_kl - fresh.answer_kl) > 1e-3);  // or the two could not be told apart here
    const std::string identity = harness.cells<std::string>(4, "probes/identity")[0];
    QCOMPARE(identity, ProbeSet(tiny_.weights, unseen_).id());
}

// Three seeds on the same data choose the same: frequency 1 for what is kept, and ranks 1 and 2 of two rules.
void TestSelect::seedsAreCounted() {
    JobHarness harness(selectTables(kLayers));
    const std::vector<SelectedPlan> plans = run(harness, {"remove-one", "exhaustive"}, {2}, 3);
    QCOMPARE(plans.size(), std::size_t{6});
    QCOMPARE(inclusion_.size(), std::size_t{2});
    for (const Inclusion& i : inclusion_) {
        const auto chosen =
            std::find_if(plans.begin(), plans.end(), [&](const SelectedPlan& p) { return p.selector == i.selector; });
        for (std::size_t l = 0; l < kLayers; ++l)
            QVERIFY(near(i.frequency_L[l], chosen->plan.kinds[l] == LayerKind::Full ? 1.0 : 0.0, 1e-12));
        QCOMPARE(i.objective.n, std::int64_t{3});
    }
    const bool same = plans[0].plan.key() == plans[1].plan.key();
    QVERIFY(near(inclusion_[0].mean_rank + inclusion_[1].mean_rank, 3.0, 1e-12));
    if (same) QCOMPARE(inclusion_[0].mean_rank, 1.5);
    QCOMPARE(harness.rows(3).size(), std::size_t{2});
}

void TestSelect::aProbeWithoutAnswersDecidesNothing() {
    JobHarness harness(selectTables(kLayers));
    SelectSpec spec;
    spec.selectors = {"local-error"};
    spec.budgets = {2};
    SelectInputs inputs;
    inputs.weights = &tiny_.weights;
    inputs.branches = &tiny_.branches;
    inputs.choosing = {std::make_shared<ProbeSet>(tiny_.weights, std::vector<Batch>{tinyBatch(2, 22, 4, 2, 3)})};
    inputs.measuring = std::make_shared<ProbeSet>(tiny_.weights, unseen_);
    QVERIFY_EXCEPTION_THROWN(runSelect(spec, inputs, harness.context), InputError);
}

void TestSelect::allProblemsAtOnce() {
    SelectSpec spec;
    spec.selectors = {"uniform-a", "best", "exhaustive", "worst"};
    spec.budgets = {0, 6, 14, 29};
    spec.exhaustive_limit = 1000;
    const std::vector<Problem> problems = validate(spec, 28);
    std::vector<std::string> fields;
    for (const Problem& problem : problems) fields.push_back(problem.field + " " + problem.value);
    QCOMPARE(fields, (std::vector<std::string>{"selectors best", "selectors worst", "budgets 0",
                                               "exhaustive_limit 1000", "exhaustive_limit 1000", "budgets 29"}));
    QVERIFY(problems[3].allowed.find("376740") != std::string::npos);  // C(28, 6)
}

QTEST_GUILESS_MAIN(TestSelect)
#include "test_select.moc"
