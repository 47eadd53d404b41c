// Generation-based retrieval on the built-in teacher: the stored samples make their prompts again, generating an answer
// exactly is the same event as every answer token being the argmax of one full forward pass, recall is read off the
// stored texts, and every mean is taken again from the stored rows.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QRegularExpression>
#include <QtTest>
#include <set>

#include "core/base/error.h"
#include "core/data/answer_room.h"
#include "core/engine/evaluate.h"
#include "core/model/device.h"
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
    void noTaskOutweighsAnother();
    void samplesAreComplete();
    void oneGenerationForAllReferences();
    void teacherIsAskedTheSame();
    void sameCellsSameSamples();
    void newTokensAreABudget();
    void whatCannotFitIsRefused();
    void stopKeepsWhatIsThere();

private:
    EvaluateResult run(JobHarness& harness, const EvaluateSpec& spec, const std::string& plan, bool teacher = false);
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
    for (std::size_t linear = 2; linear < num_layers && some_.empty(); linear += 2) {
        const std::string plan = std::string(linear, 'L') + std::string(num_layers - linear, 'F');
        JobHarness harness(evaluateTables(false));
        const double exact = run(harness, smallSpec(), plan).all.exact_match;
        if (exact > 0.2 && exact < 0.8) some_ = plan;
    }
    QVERIFY2(!some_.empty(), "no plan tells the two outcomes apart");
}

EvaluateSpec TestEvaluate::smallSpec() {
    EvaluateSpec spec;
    spec.tasks = {"mk8q4", "hop2"};
    spec.lengths = {192, 256};
    spec.depths = 3;
    spec.samples = 2;
    spec.seed = 5;
    return spec;
}

EvaluateResult TestEvaluate::run(JobHarness& harness, const EvaluateSpec& spec, const std::string& plan, bool teacher) {
    EvaluateInputs inputs;
    inputs.model = {&weights_, &branches_, planOf(plan)};
    inputs.resources = resources_;
    if (teacher) inputs.teacher = &weights_;
    return runEvaluate(spec, inputs, harness.context);
}

static double meanOf(const std::vector<double>& values, std::size_t first, std::size_t count) {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += values.at(i);
    return sum / static_cast<double>(count);
}

// Two tasks x two lengths x three depths, two sequences each.
void TestEvaluate::gridAndMeans() {
    JobHarness harness(evaluateTables(false));
    const EvaluateResult result = run(harness, smallSpec(), some_);
    const std::vector<std::string> tasks = harness.cells<std::string>(0, "eval/cells/task");
    const std::vector<double> tokens = harness.numbers(0, "eval/cells/tokens"),
                              depth = harness.numbers(0, "eval/cells/depth"),
                              recall = harness.numbers(0, "eval/cells/recall"),
                              low = harness.numbers(0, "eval/cells/recall_low"),
                              high = harness.numbers(0, "eval/cells/recall_high"),
                              exact = harness.numbers(0, "eval/cells/exact_match"),
                              sequences = harness.numbers(0, "eval/cells/sequences"),
                              of_samples = harness.numbers(1, "eval/samples/recall"),
                              exact_samples = harness.numbers(1, "eval/samples/exact");
    QCOMPARE(recall.size(), std::size_t{12});
    QCOMPARE(of_samples.size(), std::size_t{24});
    for (std::size_t i = 0; i < 12; ++i) {
        QCOMPARE(tasks[i], std::string(i < 6 ? "mk8q4" : "hop2"));
        QCOMPARE(tokens[i], i % 6 < 3 ? 192.0 : 256.0);
        QCOMPARE(depth[i], 0.5 * static_cast<double>(i % 3));
        QCOMPARE(sequences[i], 2.0);
        QCOMPARE(recall[i], meanOf(of_samples, 2 * i, 2));
        QCOMPARE(exact[i], meanOf(exact_samples, 2 * i, 2));
        QVERIFY(low[i] >= 0 && low[i] <= recall[i] && recall[i] <= high[i] && high[i] <= 1 && low[i] < high[i]);
        QCOMPARE(result.cells[i].score.recalls, (Strata{{of_samples[2 * i], of_samples[2 * i + 1]}}));
    }
    const std::vector<std::string> rows = harness.cells<std::string>(2, "eval/scores/task");
    QCOMPARE(rows, (std::vector<std::string>{"mk8q4", "hop2", "all"}));
    const std::vector<double> scores = harness.numbers(2, "eval/scores/recall");
    QVERIFY(near(scores[0], meanOf(recall, 0, 6), 1e-12) && near(scores[1], meanOf(recall, 6, 6), 1e-12));
    QVERIFY(near(scores[2], (scores[0] + scores[1]) / 2, 1e-12));
    QVERIFY(near(result.all.exact_match, meanOf(exact_samples, 0, 24), 1e-12));
    QVERIFY2(result.all.exact_match > 0 && result.all.exact_match < 1, "a plan that tells the two outcomes apart");
    QCOMPARE(result.all.recall.value, scores[2]);
    QCOMPARE(result.all.recall.low, harness.numbers(2, "eval/scores/recall_low")[2]);
    QCOMPARE(result.all.recall.high, harness.numbers(2, "eval/scores/recall_high")[2]);
    QCOMPARE(result.all.recall.n, std::int64_t{24});
    QCOMPARE(result.all.recalls.size(), std::size_t{12});
    QCOMPARE(result.tasks[1].score.recalls.size(), std::size_t{6});
}

// Four questions in every sequence of the one task, one in the other's: as many values of each.
void TestEvaluate::noTaskOutweighsAnother() {
    JobHarness harness(evaluateTables(false));
    run(harness, smallSpec(), some_);
    const std::vector<std::string> tasks = harness.cells<std::string>(1, "eval/samples/task");
    QCOMPARE(std::count(tasks.begin(), tasks.end(), "mk8q4"), std::count(tasks.begin(), tasks.end(), "hop2"));
    const std::vector<double> sequence = harness.numbers(1, "eval/samples/sequence"),
                              question = harness.numbers(1, "eval/samples/question");
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        QCOMPARE(sequence[i], static_cast<double>(i % 2));
        QCOMPARE(question[i], tasks[i] == "hop2" ? 0.0 : sequence[i]);  // the first, then the second of four
    }
}

void TestEvaluate::samplesAreComplete() {
    JobHarness harness(evaluateTables(false));
    run(harness, smallSpec(), some_);
    const std::vector<std::string> task = harness.cells<std::string>(1, "eval/samples/task"),
                                   seed = harness.cells<std::string>(1, "eval/samples/seed"),
                                   expected = harness.cells<std::string>(1, "eval/samples/expected"),
                                   given = harness.cells<std::string>(1, "eval/samples/given");
    const std::vector<double> tokens = harness.numbers(1, "eval/samples/tokens"),
                              depth = harness.numbers(1, "eval/samples/depth"),
                              needle = harness.numbers(1, "eval/samples/needle_depth"),
                              sequence = harness.numbers(1, "eval/samples/sequence"),
                              recall = harness.numbers(1, "eval/samples/recall"),
                              exact = harness.numbers(1, "eval/samples/exact");
    TaskResources held_out = resources_;
    held_out.part = TextCorpus::Part::HeldOut;
    int exacts = 0;
    for (std::size_t i = 0; i < task.size(); ++i) {
        const auto length = static_cast<std::int32_t>(tokens[i]);
        const Sample sample = makeWithRoom(*makeTask(task[i], held_out), std::stoull(seed[i]), length, depth[i],
                                           static_cast<std::int32_t>(sequence[i]), 0);
        Batch batch;
        batch.batch = 1;
        batch.tokens = static_cast<std::int32_t>(sample.ids.size());
        batch.ids_BT = sample.ids;
        const auto logits = oracleLogits(weights_, branches_, planOf(some_), batch);
        const Answer& answer = sample.answers[static_cast<std::size_t>(sample.placed)];
        bool all = true;
        for (std::int32_t t = answer.begin; t < answer.begin + answer.length; ++t) {
            const std::size_t at = static_cast<std::size_t>(t);
            all = all && argmax(logits[at - 1]) == static_cast<std::size_t>(sample.ids[at]);
        }
        QCOMPARE(exact[i], all ? 1.0 : 0.0);
        QCOMPARE(expected[i], answer.text);
        QCOMPARE(needle[i], answer.depth);
        QVERIFY2(near(needle[i], depth[i], 0.01), "the needle that is asked for stands at the depth of its cell");
        QCOMPARE(recall[i], QString::fromStdString(given[i]).contains(QString::fromStdString(answer.text)) ? 1.0 : 0.0);
        QVERIFY2(given[i].find('\n') == std::string::npos, "an answer of words ends with its line");
        exacts += all ? 1 : 0;
    }
    QVERIFY(exacts > 0 && exacts < static_cast<int>(task.size()));
}

// Whatever a small teacher says to numbers that it has never learnt: it is one text, held against all four values.
void TestEvaluate::oneGenerationForAllReferences() {
    DecoderWeights longer = weights_;
    longer.config.max_position = 1024;
    EvaluateInputs inputs;
    inputs.model = teacherModel(longer);
    inputs.resources = resources_;
    inputs.resources.corpus = TextCorpus::load(FM_FIXTURES "/data/text", *resources_.tokenizer);
    EvaluateSpec spec;
    spec.tasks = {"niah_multivalue", "niah_multiquery"};
    spec.lengths = {800};
    spec.depths = 1;
    spec.samples = 1;
    JobHarness harness(evaluateTables(false));
    runEvaluate(spec, inputs, harness.context);
    const std::vector<std::string> expected = harness.cells<std::string>(1, "eval/samples/expected"),
                                   given = harness.cells<std::string>(1, "eval/samples/given");
    const std::vector<double> recall = harness.numbers(1, "eval/samples/recall");
    QCOMPARE(given.size(), std::size_t{2});
    static const QRegularExpression four("^\\d{7}, \\d{7}, \\d{7}, \\d{7}$");
    for (std::size_t i = 0; i < given.size(); ++i) {
        const QString references = QString::fromStdString(expected[i]);
        QVERIFY2(four.match(references).hasMatch(), expected[i].c_str());
        int found = 0;
        for (const QString& reference : references.split(", "))
            found += QString::fromStdString(given[i]).contains(reference);
        QCOMPARE(recall[i], found / 4.0);
    }
}

void TestEvaluate::teacherIsAskedTheSame() {
    EvaluateSpec spec = smallSpec();
    spec.lengths = {192};
    const std::string full(weights_.layers.size(), 'F');
    JobHarness beside(evaluateTables(true)), alone(evaluateTables(false));
    const EvaluateResult both = run(beside, spec, some_, true), teacher = run(alone, spec, full);
    QVERIFY(!teacher.all.teacher_recall);
    QCOMPARE(both.all.teacher_recall.value(), teacher.all.recall.value);
    QVERIFY2(teacher.all.recall.value > both.all.recall.value, "or the two could not be told apart");
    QCOMPARE(beside.numbers(0, "eval/cells/teacher_recall"), alone.numbers(0, "eval/cells/recall"));
    QCOMPARE(beside.numbers(2, "eval/scores/teacher_recall"), alone.numbers(2, "eval/scores/recall"));
}

// A coarser grid of the same seed measures the same samples where the two coincide.
void TestEvaluate::sameCellsSameSamples() {
    JobHarness fine(evaluateTables(false)), coarse(evaluateTables(false));
    run(fine, smallSpec(), some_);
    EvaluateSpec spec = smallSpec();
    spec.tasks = {"hop2"};
    spec.lengths = {256};
    spec.depths = 2;
    spec.samples = 1;
    run(coarse, spec, some_);
    const std::vector<std::string> seeds = fine.cells<std::string>(1, "eval/samples/seed");
    const std::vector<std::string> few = coarse.cells<std::string>(1, "eval/samples/seed");
    QCOMPARE(few.size(), std::size_t{2});
    QCOMPARE(few[0], seeds[18]);                                                          // hop2, 256 tokens, depth 0
    QCOMPARE(few[1], seeds[22]);                                                          // and depth 1
    QCOMPARE(std::set<std::string>(seeds.begin(), seeds.end()).size(), std::size_t{24});  // one prompt, one seed
    EvaluateSpec other = spec;
    other.seed = 6;
    JobHarness elsewhere(evaluateTables(false));
    run(elsewhere, other, some_);
    QVERIFY(elsewhere.cells<std::string>(1, "eval/samples/seed")[0] != few[0]);
}

// With fewer tokens than the answer has, the answer's own number counts.
void TestEvaluate::newTokensAreABudget() {
    EvaluateSpec spec = smallSpec();
    spec.tasks = {"hop2"};
    spec.lengths = {192};
    spec.depths = 1;
    JobHarness usual(evaluateTables(false)), shortest(evaluateTables(false));
    run(usual, spec, some_);
    spec.new_tokens = 1;
    run(shortest, spec, some_);
    QCOMPARE(usual.numbers(0, "eval/cells/depth"), std::vector<double>{0.5});
    const std::vector<std::string> cut = shortest.cells<std::string>(1, "eval/samples/given"),
                                   expected = shortest.cells<std::string>(1, "eval/samples/expected");
    for (std::size_t i = 0; i < cut.size(); ++i) {
        const std::size_t tokens = resources_.tokenizer->encodeOrdinary(" " + expected[i]).size();
        QVERIFY2(resources_.tokenizer->encodeOrdinary(cut[i]).size() <= tokens, cut[i].c_str());
    }
    QVERIFY(usual.cells<std::string>(1, "eval/samples/given")[0].size() > cut[0].size());
}

void TestEvaluate::whatCannotFitIsRefused() {
    EvaluateSpec spec = smallSpec();
    spec.lengths = {513, 256, 1024};
    JobHarness harness(evaluateTables(false));
    try {
        run(harness, spec, some_);
        QFAIL("the model's context is 512 tokens");
    } catch (const InputError& error) {
        QCOMPARE(error.problems().size(), std::size_t{2});
        QVERIFY(error.problems()[1].allowed.find("512") != std::string::npos);
    }
    EvaluateSpec long_answers = smallSpec();
    long_answers.new_tokens = 200;  // nothing is left for the context
    QVERIFY_EXCEPTION_THROWN(run(harness, long_answers, some_), InputError);
    for (const auto& [tasks, lengths] : {std::pair<std::vector<std::string>, std::vector<int>>{{"mk8q4"}, {16}},
                                         {{"nonsense"}, {256}},
                                         {{"text"}, {256}},
                                         {{}, {256}},
                                         {{"mk8q4"}, {}}}) {
        EvaluateSpec wrong = smallSpec();
        wrong.tasks = tasks;
        wrong.lengths = lengths;
        JobHarness refused(evaluateTables(false));
        QVERIFY_EXCEPTION_THROWN(run(refused, wrong, some_), InputError);
        QVERIFY(refused.sink.rows.empty());
    }
}

void TestEvaluate::stopKeepsWhatIsThere() {
    JobHarness harness(evaluateTables(false));
    harness.sink.after_row = [&](int table, const Row&) {
        if (table == 0) harness.control.stop();
    };
    QVERIFY_EXCEPTION_THROWN(run(harness, smallSpec(), some_), Cancelled);
    QCOMPARE(harness.rows(0).size(), std::size_t{1});
    QCOMPARE(harness.rows(1).size(), std::size_t{2});
    QVERIFY(harness.rows(2).empty());
}

QTEST_GUILESS_MAIN(TestEvaluate)
#include "test_evaluate.moc"
