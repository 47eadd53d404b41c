// The making of a small teacher: a few steps lower the loss, a stopped run goes on bit for bit, wrong shapes are named.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include "core/base/error.h"
#include "core/engine/pretrain.h"
#include "core/model/device.h"
#include "tests/support/built_in_model.h"
#include "tests/support/job_harness.h"

using namespace fm;
using namespace fm::testing;

namespace {

PretrainSpec tinySpec() {
    PretrainSpec spec;
    spec.num_layers = 2;
    spec.hidden_size = 32;
    spec.num_heads = 2;
    spec.num_kv_heads = 1;
    spec.head_dim = 16;
    spec.intermediate_size = 48;
    spec.lengths = {64, 96};
    spec.phase_shares = {0.5, 0.5};
    spec.tokens_per_step = 576;
    spec.tokens = 24 * 576;
    spec.tasks = {"single:2", "copy:2", "text:1"};
    spec.eval_every = 1000;
    spec.checkpoint_every = 5;
    return spec;
}

bool same(DecoderWeights a, DecoderWeights b) {
    std::vector<at::Tensor> left, right;
    forEachTensor(a, [&](const std::string&, at::Tensor& t) { left.push_back(t); });
    forEachTensor(b, [&](const std::string&, at::Tensor& t) { right.push_back(t); });
    for (std::size_t i = 0; i < left.size(); ++i)
        if (!at::equal(left[i], right[i])) return false;
    return left.size() == right.size();
}

}  // namespace

class TestPretrain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void fewStepsLowerTheLoss();
    void stoppedRunsGoOnExactly_data();
    void stoppedRunsGoOnExactly();
    void seedsDiffer();
    void productsAreExactAgainAfterwards();
    void wrongShapesAreNamedTogether();

private:
    struct Job {
        PretrainSpec spec = tinySpec();
        std::string checkpoint_path;
        JobHarness harness{pretrainTables()};
    };
    DecoderWeights run(Job& job) const {
        PretrainInputs inputs;
        inputs.resources = resources_;
        inputs.checkpoint_path = job.checkpoint_path;
        return runPretrain(job.spec, inputs, job.harness.context);
    }
    QTemporaryDir folder_;
    TaskResources resources_;
};

void TestPretrain::initTestCase() {
    setThreads(1);
    QVERIFY(writeShortText(folder_.filePath("text.txt"), 60'000));
    resources_.tokenizer = Tokenizer::open(builtInModel());
    resources_.corpus = TextCorpus::load(folder_.filePath("text.txt").toStdString(), *resources_.tokenizer);
}

void TestPretrain::fewStepsLowerTheLoss() {
    Job job;
    job.spec.tokens = 60 * 576;
    job.spec.lr = 1e-2;
    const DecoderWeights weights = run(job);
    const std::vector<double> losses = job.harness.numbers(0, "series/loss/total");
    QCOMPARE(losses.size(), std::size_t{60});
    // The first loss is that of guessing: ln of the vocabulary for answers and 0.3 of it for everything else.
    QVERIFY(near(losses[0], 1.3 * std::log(1024.0), 0.5));
    double last = 0;
    for (std::size_t i = 50; i < 60; ++i) last += losses[i] / 10;
    QVERIFY2(last < 0.9 * losses[0], qPrintable(QString("%1 -> %2").arg(losses[0]).arg(last)));
    QCOMPARE(job.harness.numbers(0, "steps/tokens").back(), 60.0 * 576);
    QCOMPARE(weights.config.num_layers, std::int64_t{2});
    QCOMPARE(weights.config.vocab_size, std::int64_t{1024});
    QVERIFY(!weights.embed_VD.requires_grad());
    // Each task that can be answered is measured at the end, at the last phase's length.
    QCOMPARE(job.harness.cells<std::string>(1, "eval/task"), (std::vector<std::string>{"single", "copy"}));
    QCOMPARE(job.harness.numbers(1, "eval/tokens"), (std::vector<double>{96, 96}));
}

void TestPretrain::stoppedRunsGoOnExactly_data() {
    QTest::addColumn<int>("stop_after");
    for (const int step : {1, 7, 12, 20}) QTest::addRow("after %d steps", step) << step;  // 12: between the phases
}

void TestPretrain::stoppedRunsGoOnExactly() {
    QFETCH(int, stop_after);
    Job whole, stopped, resumed;
    const DecoderWeights expected = run(whole);
    const QTemporaryDir folder;
    stopped.checkpoint_path = resumed.checkpoint_path = folder.filePath("state.safetensors").toStdString();
    stopped.harness.sink.after_row = [&](int, const Row&) {
        if (static_cast<int>(stopped.harness.sink.rows.size()) == stop_after) stopped.harness.control.stop();
    };
    QVERIFY_EXCEPTION_THROWN(run(stopped), Cancelled);
    const DecoderWeights weights = run(resumed);
    QVERIFY(same(weights, expected));
    std::vector<double> losses = stopped.harness.numbers(0, "series/loss/total");
    QCOMPARE(losses.size(), static_cast<std::size_t>(stop_after));
    const std::vector<double> rest = resumed.harness.numbers(0, "series/loss/total");
    losses.insert(losses.end(), rest.begin(), rest.end());
    QCOMPARE(losses, whole.harness.numbers(0, "series/loss/total"));
    QCOMPARE(resumed.harness.numbers(1, "eval/exact_match"), whole.harness.numbers(1, "eval/exact_match"));
}

void TestPretrain::seedsDiffer() {
    Job a, b;
    a.spec.tokens = b.spec.tokens = 2 * 576;
    b.spec.seed = 2;
    QVERIFY(!same(run(a), run(b)));
}

// The precision of products belongs to the whole process: the jobs after this one must find it as it was.
void TestPretrain::productsAreExactAgainAfterwards() {
    using Precision = at::Float32MatmulPrecision;
    const auto precision = [] { return at::globalContext().float32MatmulPrecision(); };
    QVERIFY(precision() == Precision::HIGHEST);
    Job finished, stopped;
    finished.spec.tokens = 2 * 576;
    int fast_rows = 0;
    finished.harness.sink.after_row = [&](int, const Row&) { fast_rows += precision() == Precision::HIGH; };
    run(finished);
    QVERIFY(fast_rows > 0);
    QVERIFY(precision() == Precision::HIGHEST);
    stopped.harness.control.stop();
    QVERIFY_EXCEPTION_THROWN(run(stopped), Cancelled);
    QVERIFY(precision() == Precision::HIGHEST);
}

void TestPretrain::wrongShapesAreNamedTogether() {
    PretrainSpec spec = tinySpec();
    spec.num_heads = 3;
    spec.num_kv_heads = 2;
    spec.head_dim = 15;
    spec.phase_shares = {1};
    spec.tasks = {"single:x", "copy:0", "text"};
    std::vector<std::string> fields;
    for (const Problem& problem : validate(spec)) fields.push_back(problem.field);
    QCOMPARE(fields, (std::vector<std::string>{"num_kv_heads", "head_dim", "phase_shares", "tasks", "tasks"}));
    QVERIFY(validate(tinySpec()).empty());
    Job job;  // a length that no task fits
    job.spec.tasks = {"mk32"};
    QVERIFY_EXCEPTION_THROWN(run(job), InputError);
}

QTEST_GUILESS_MAIN(TestPretrain)
#include "test_pretrain.moc"
