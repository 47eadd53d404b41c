// Generation-based retrieval on the built-in teacher: the stored samples make their prompts again, and generating an
// answer exactly is the same event as every answer token being the argmax of one full forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <set>

#include "core/engine/evaluate.h"
#include "core/model/device.h"
#include "core/run/error.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/built_in_model.h"
#include "tests/support/job_harness.h"

using namespace fm;
using namespace fm::testing;

class TestEvaluate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void gridAndMeans();
    void samplesAreComplete();
    void sameCellsSameSamples();
    void newTokensAreABudget();
    void whatCannotFitIsRefused();
    void stopKeepsWhatIsThere();

private:
    EvaluateResult run(JobHarness& harness, const EvaluateSpec& spec, const std::string& plan);
    static EvaluateSpec smallSpec();

    const c10::NoGradGuard no_grad_;
    DecoderWeights weights_;
    BranchSet branches_;
    TaskResources resources_;
    std::string some_;  // a plan that answers some of the questions and misses others, whatever teacher ships
};

void TestEvaluate::initTestCase() {
    setThreads(1);
    weights_ = loadBuiltIn();
    branches_ = loadBuiltInBranches(weights_);
    resources_.tokenizer = Tokenizer::open(builtInModel());
    const std::size_t num_layers = weights_.layers.size();
    EvaluateSpec few = smallSpec();
    few.depths = 1;
    for (std::size_t linear = 2; linear < num_layers && some_.empty(); linear += 2) {
        const std::string plan = std::string(linear, 'L') + std::string(num_layers - linear, 'F');
        JobHarness harness(evaluateTables());
        const double exact = run(harness, few, plan).exact_match;
        if (exact > 0.1 && exact < 0.9) some_ = plan;
    }
    QVERIFY2(!some_.empty(), "no plan tells the two outcomes apart");
}

EvaluateSpec TestEvaluate::smallSpec() {
    EvaluateSpec spec;
    spec.tasks = {"mk8q4", "hop2"};
    spec.lengths = {192, 256};
    spec.depths = 3;
    spec.samples = 1;
    spec.seed = 5;
    return spec;
}

EvaluateResult TestEvaluate::run(JobHarness& harness, const EvaluateSpec& spec, const std::string& plan) {
    EvaluateInputs inputs;
    inputs.model = {&weights_, &branches_, planOf(plan)};
    inputs.resources = resources_;
    return runEvaluate(spec, inputs, harness.context);
}

void TestEvaluate::gridAndMeans() {
    JobHarness harness(evaluateTables());
    const EvaluateResult result = run(harness, smallSpec(), some_);
    QCOMPARE(result.cells.size(), std::size_t{2 * 2 * 3});
    QCOMPARE(harness.rows(0).size(), std::size_t{12});
    const std::vector<std::string> tasks = harness.cells<std::string>(0, "eval/cells/task");
    const std::vector<double> tokens = harness.numbers(0, "eval/cells/tokens"),
                              depth = harness.numbers(0, "eval/cells/depth"),
                              recall = harness.numbers(0, "eval/cells/recall"),
                              exact = harness.numbers(0, "eval/cells/exact_match"),
                              answers = harness.numbers(0, "eval/cells/samples");
    double recalls = 0, exacts = 0, all = 0;
    for (std::size_t i = 0; i < 12; ++i) {
        QCOMPARE(tasks[i], std::string(i < 6 ? "mk8q4" : "hop2"));
        QCOMPARE(tokens[i], i % 6 < 3 ? 192.0 : 256.0);
        QCOMPARE(depth[i], 0.5 * static_cast<double>(i % 3));
        QCOMPARE(answers[i], i < 6 ? 4.0 : 1.0);
        recalls += recall[i] * answers[i];
        exacts += exact[i] * answers[i];
        all += answers[i];
    }
    QCOMPARE(result.samples, std::int64_t{30});
    QVERIFY(near(result.recall, recalls / all, 1e-6));
    QVERIFY(near(result.exact_match, exacts / all, 1e-12));
    QVERIFY2(result.exact_match > 0 && result.exact_match < 1, "a plan that tells the two outcomes apart");
    const std::vector<double> of_samples = harness.numbers(1, "eval/samples/recall");
    double squares = 0;
    for (const double value : of_samples) squares += std::pow(value - result.recall, 2);
    QVERIFY(near(result.half_width, 1.96 * std::sqrt(squares / 29 / 30), 1e-6));
}

void TestEvaluate::samplesAreComplete() {
    JobHarness harness(evaluateTables());
    run(harness, smallSpec(), some_);
    const std::vector<std::string> task = harness.cells<std::string>(1, "eval/samples/task"),
                                   seed = harness.cells<std::string>(1, "eval/samples/seed"),
                                   expected = harness.cells<std::string>(1, "eval/samples/expected"),
                                   given = harness.cells<std::string>(1, "eval/samples/given");
    const std::vector<double> tokens = harness.numbers(1, "eval/samples/tokens"),
                              depth = harness.numbers(1, "eval/samples/depth"),
                              needle = harness.numbers(1, "eval/samples/needle_depth"),
                              recall = harness.numbers(1, "eval/samples/recall"),
                              exact = harness.numbers(1, "eval/samples/exact");
    TaskResources held_out = resources_;
    held_out.part = TextCorpus::Part::HeldOut;
    int exacts = 0;
    for (std::size_t i = 0; i < task.size();) {
        const Sample sample =
            makeTask(task[i], held_out)->make(std::stoull(seed[i]), static_cast<std::int32_t>(tokens[i]), depth[i]);
        Batch batch;
        batch.batch = 1;
        batch.tokens = static_cast<std::int32_t>(sample.ids.size());
        batch.ids_BT = sample.ids;
        const auto logits = oracleLogits(weights_, branches_, planOf(some_), batch);
        for (const Answer& answer : sample.answers) {
            bool all = true;
            for (std::int32_t t = answer.begin; t < answer.begin + answer.length; ++t) {
                const std::size_t at = static_cast<std::size_t>(t);
                all = all && argmax(logits[at - 1]) == static_cast<std::size_t>(sample.ids[at]);
            }
            QCOMPARE(exact[i], all ? 1.0 : 0.0);
            QCOMPARE(expected[i], answer.text);
            QCOMPARE(needle[i], answer.depth);
            QVERIFY(!all || (given[i].find(answer.text) != std::string::npos && recall[i] == 1));
            QCOMPARE(recall[i] == 1, given[i].find(answer.text) != std::string::npos);
            exacts += all ? 1 : 0;
            ++i;
        }
        QVERIFY(
            near(needle[i - sample.answers.size()], depth[i - 1], 0.2));  // the first question's needle stands there
    }
    QVERIFY(exacts > 0 && exacts < static_cast<int>(task.size()));
}

// A coarser grid of the same seed measures the same samples where the two coincide.
void TestEvaluate::sameCellsSameSamples() {
    JobHarness fine(evaluateTables()), coarse(evaluateTables());
    run(fine, smallSpec(), some_);
    EvaluateSpec spec = smallSpec();
    spec.tasks = {"hop2"};
    spec.lengths = {256};
    spec.depths = 2;
    run(coarse, spec, some_);
    const std::vector<std::string> seeds = fine.cells<std::string>(1, "eval/samples/seed");
    const std::vector<std::string> few = coarse.cells<std::string>(1, "eval/samples/seed");
    QCOMPARE(few.size(), std::size_t{2});
    QCOMPARE(few[0], seeds[27]);                                                          // hop2, 256 tokens, depth 0
    QCOMPARE(few[1], seeds[29]);                                                          // and depth 1
    QCOMPARE(std::set<std::string>(seeds.begin(), seeds.end()).size(), std::size_t{12});  // one prompt, one seed
    EvaluateSpec other = spec;
    other.seed = 6;
    JobHarness elsewhere(evaluateTables());
    run(elsewhere, other, some_);
    QVERIFY(elsewhere.cells<std::string>(1, "eval/samples/seed")[0] != few[0]);
}

void TestEvaluate::newTokensAreABudget() {
    EvaluateSpec spec = smallSpec();
    spec.tasks = {"hop2"};
    spec.lengths = {192};
    spec.depths = 1;
    JobHarness shortest(evaluateTables()), longer(evaluateTables());
    run(shortest, spec, some_);
    spec.new_tokens = 40;
    run(longer, spec, some_);
    QCOMPARE(shortest.numbers(0, "eval/cells/depth"), std::vector<double>{0.5});
    const std::string first = shortest.cells<std::string>(1, "eval/samples/given")[0];
    const std::string more = longer.cells<std::string>(1, "eval/samples/given")[0];
    QVERIFY(more.size() >= first.size());
    QVERIFY(more.starts_with(first));  // greedy: the same words, then more
    QCOMPARE(shortest.numbers(1, "eval/samples/exact"), longer.numbers(1, "eval/samples/exact"));
}

void TestEvaluate::whatCannotFitIsRefused() {
    EvaluateSpec spec = smallSpec();
    spec.lengths = {513, 256, 1024};
    JobHarness harness(evaluateTables());
    try {
        run(harness, spec, some_);
        QFAIL("the model's context is 512 tokens");
    } catch (const InputError& error) {
        QCOMPARE(error.problems().size(), std::size_t{2});
        QVERIFY(error.problems()[1].allowed.find("512") != std::string::npos);
    }
    for (const auto& [tasks, lengths] : {std::pair<std::vector<std::string>, std::vector<int>>{{"mk8q4"}, {16}},
                                         {{"nonsense"}, {256}},
                                         {{}, {256}},
                                         {{"mk8q4"}, {}}}) {
        EvaluateSpec wrong = smallSpec();
        wrong.tasks = tasks;
        wrong.lengths = lengths;
        JobHarness refused(evaluateTables());
        QVERIFY_EXCEPTION_THROWN(run(refused, wrong, some_), InputError);
        QVERIFY(refused.sink.rows.empty());
    }
}

void TestEvaluate::stopKeepsWhatIsThere() {
    JobHarness harness(evaluateTables());
    harness.sink.after_row = [&](int table, const Row&) {
        if (table == 0) harness.control.stop();
    };
    QVERIFY_EXCEPTION_THROWN(run(harness, smallSpec(), some_), Cancelled);
    QCOMPARE(harness.rows(0).size(), std::size_t{1});
    QCOMPARE(harness.rows(1).size(), std::size_t{4});
}

QTEST_GUILESS_MAIN(TestEvaluate)
#include "test_evaluate.moc"
