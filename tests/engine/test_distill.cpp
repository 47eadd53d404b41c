// Recovery: what trains and what does not, the loss against float64 loops, resuming bit for bit.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <map>

#include "core/base/error.h"
#include "core/engine/distill.h"
#include "core/export/hybrid_folder.h"
#include "core/formats/safetensors.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 3;
const char* const kPlan = "LFL";

Batch batchAt(std::int64_t index) { return tinyBatch(3, 20, 4, 1, static_cast<std::uint64_t>(index) + 1); }

std::map<std::string, at::Tensor> copyOf(DecoderWeights weights, BranchSet branches) {
    std::map<std::string, at::Tensor> tensors;
    forEachTensor(weights, [&](const std::string& name, at::Tensor& t) { tensors[name] = t.detach().clone(); });
    forEachTensor(branches,
                  [&](const std::string& name, at::Tensor& t) { tensors["branch " + name] = t.detach().clone(); });
    return tensors;
}

std::vector<std::string> changed(const std::map<std::string, at::Tensor>& before,
                                 const std::map<std::string, at::Tensor>& after) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : before)
        if (!at::equal(tensor, after.at(name))) names.push_back(name);
    return names;
}

struct DistillJob {
    TinyModel tiny = tinyModel(kLayers, at::kFloat, true, {}, 13);
    DistillSpec spec;
    std::string plan = kPlan;
    std::string checkpoint_path;
    JobHarness harness{distillTables()};

    DistillJob() {
        spec.steps = 8;
        spec.warm_up = 2;
        spec.lr = 2e-3;
        spec.branch_lr = 5e-3;
        spec.checkpoint_every = 3;
    }
    DistillInputs inputs() const {
        DistillInputs in;
        in.teacher = &tiny.weights;
        in.branches = &tiny.branches;
        in.plan = planOf(plan);
        in.distill = batchAt;
        in.tune = [](std::int64_t index) { return batchAt(index + 700); };
        in.checkpoint_path = checkpoint_path;
        return in;
    }
    RecoveredHybrid run() { return runDistill(spec, inputs(), harness.context); }
    std::vector<double> losses() const { return harness.numbers(0, "series/loss/total"); }
};

// The loss of one batch as the spec words it: answers share `answer_weight`, every other valid row the rest.
double lossByHand(const DecoderWeights& teacher, const RecoveredHybrid& student, const Batch& batch,
                  double answer_weight, bool next_token) {
    const auto p = oracleLogits(teacher, student.branches, planOf(std::string(kLayers, 'F')), batch);
    const auto q = oracleLogits(student.weights, student.branches, student.plan, batch);
    double answer = 0, other = 0, answers = 0, others = 0;
    for (std::int32_t i = 0; i + 1 < batch.batch * batch.tokens; ++i) {
        const std::size_t next = static_cast<std::size_t>(i) + 1;
        if (static_cast<std::int32_t>(next) % batch.tokens == 0 || batch.valid_BT[next] == 0) continue;
        const std::vector<double> log_q = logSoftmax(q[next - 1]);
        const double loss =
            next_token ? -log_q[static_cast<std::size_t>(batch.ids_BT[next])] : klOf(logSoftmax(p[next - 1]), log_q);
        (batch.answer_BT[next] != 0 ? answer : other) += loss;
        (batch.answer_BT[next] != 0 ? answers : others) += 1;
    }
    return answer_weight * answer / answers + (1 - answer_weight) * other / others;
}

}  // namespace

class TestDistill : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void firstLossesAreTheirDefinitions();
    void whatTrainsIsWhatIsListed_data();
    void whatTrainsIsWhatIsListed();
    void lossFallsAndIsNeverNegative();
    void allFullHasNothingToLearn();
    void branchesLearnAtTheirOwnRate_data();
    void branchesLearnAtTheirOwnRate();
    void theTeacherKeepsItsHead();
    void narrowWeightsAreStoredAsMasters();
    void stoppedRunsGoOnExactly_data();
    void stoppedRunsGoOnExactly();
    void endlessLossesEndTheRun();
};

void TestDistill::firstLossesAreTheirDefinitions() {
    const c10::NoGradGuard no_grad;
    DistillJob job;
    job.spec.steps = 1;
    job.spec.lr = job.spec.branch_lr = job.spec.tune_lr = 0;  // the second phase meets the hybrid as it started
    job.spec.tune_steps = 1;
    job.spec.answer_weight = 0.3;
    job.run();
    const RecoveredHybrid start{job.tiny.weights, job.tiny.branches, planOf(kPlan)};
    const std::vector<double> losses = job.losses();
    QCOMPARE(losses.size(), std::size_t{2});
    QCOMPARE(job.harness.numbers(0, "steps/phase"), (std::vector<double>{0, 1}));
    QVERIFY(near(losses[0], lossByHand(job.tiny.weights, start, batchAt(0), 0.3, false), kJobLossFloat32));
    QVERIFY(near(losses[1], lossByHand(job.tiny.weights, start, batchAt(700), 0.3, true), kJobLossFloat32));
}

void TestDistill::whatTrainsIsWhatIsListed_data() {
    QTest::addColumn<QString>("trains");
    QTest::addColumn<QString>("plan");
    for (const char* trains : {"all", "branches"})
        for (const char* plan : {"LFL", "LLL", "FFF"})
            QTest::addRow("%s %s", trains, plan) << QString(trains) << QString(plan);
}

void TestDistill::whatTrainsIsWhatIsListed() {
    QFETCH(QString, trains);
    QFETCH(QString, plan);
    DistillJob job;
    job.spec.trains = trains.toStdString();
    job.plan = plan.toStdString();
    job.spec.steps = 2;
    job.spec.tune_steps = 2;  // also where the loss of the first phase is zero
    const bool all = trains == "all";
    // Counted by hand for width 32, MLP 48, 4 x 8 query heads, 2 x 8 K/V heads, 61 words (tiny_model.h).
    const std::int64_t attention = 2 * 32 * 32 + 2 * 16 * 32 + 2 * 8;
    const std::int64_t branch = 5 * 32 * 32 + 2 * 4 * 32 + 2 * 4 + 8;  // q k v z o; a b; A_log, dt_bias; norm
    const std::int64_t full = std::count(job.plan.begin(), job.plan.end(), 'F'), linear = kLayers - full;
    std::map<std::string, std::int64_t> expected;
    if (linear > 0) expected["linear branches"] = linear * branch;
    if (all && full > 0) expected["attention of full layers"] = full * attention;
    if (all) expected["MLP and norms"] = kLayers * (3 * 32 * 48 + 2 * 32);
    if (all) expected["embedding, head and final norm"] = 61 * 32 + 32;
    std::map<std::string, std::int64_t> listed;
    for (const TrainedGroup& group : trainedGroups(job.spec, job.inputs())) listed[group.name] = group.parameters;
    QVERIFY(listed == expected);

    const auto before = copyOf(job.tiny.weights, job.tiny.branches);
    if (expected.empty()) return;  // nothing to train: a spec for nobody
    RecoveredHybrid hybrid = job.run();
    QVERIFY(changed(before, copyOf(job.tiny.weights, job.tiny.branches)).empty());  // the teacher is frozen
    std::int64_t moved = 0;
    for (const std::string& name : changed(before, copyOf(hybrid.weights, hybrid.branches))) {
        const std::size_t at = name.find("layers.");
        const std::size_t layer = at == std::string::npos ? 0 : static_cast<std::size_t>(name[at + 7] - '0');
        const bool of_branch = name.starts_with("branch ");
        const bool of_attention = name.find("self_attn") != std::string::npos;
        QVERIFY2(of_branch ? job.plan[layer] == 'L' : all, name.c_str());
        QVERIFY2(!of_attention || job.plan[layer] == 'F', name.c_str());
        moved += before.at(name).numel();
    }
    std::int64_t trained = 0;
    for (const auto& [group, count] : expected) trained += count;
    QCOMPARE(moved, trained);  // and everything that trains moves
    if (all) QVERIFY(hybrid.weights.head_VD.is_same(hybrid.weights.embed_VD));
}

void TestDistill::lossFallsAndIsNeverNegative() {
    DistillJob job;
    job.spec.steps = 60;
    job.run();
    const std::vector<double> losses = job.losses();
    double first = 0, last = 0;
    for (std::size_t i = 0; i < 10; ++i) first += losses[i] / 10, last += losses[50 + i] / 10;
    QVERIFY2(last < 0.8 * first, qPrintable(QString("%1 -> %2").arg(first).arg(last)));
    for (const double loss : losses) QVERIFY(loss >= 0);
}

void TestDistill::allFullHasNothingToLearn() {
    DistillJob job;
    job.plan = "FFF";
    job.spec.steps = 3;
    const auto before = copyOf(job.tiny.weights, job.tiny.branches);
    job.run();
    // The same sums on both sides, but for rounding; after a step AdamW has moved the weights by such errors.
    QVERIFY2(std::abs(job.losses()[0]) < kHeadLossFloat32, qPrintable(QString::number(job.losses()[0])));
    QVERIFY(job.harness.numbers(0, "series/objective/gradient_norm")[0] < 1e-5);
}

void TestDistill::branchesLearnAtTheirOwnRate_data() {
    QTest::addColumn<QString>("trains");
    QTest::addColumn<double>("lr");
    QTest::addColumn<double>("branch_lr");
    QTest::newRow("only branches train, lr 0") << "branches" << 0.0 << 2e-4;
    QTest::newRow("only branches train, some lr") << "branches" << 1e-5 << 2e-4;
    QTest::newRow("all train, lr 0") << "all" << 0.0 << 2e-4;
    QTest::newRow("all train, branch_lr 0") << "all" << 2e-4 << 0.0;
    QTest::newRow("all train, nothing moves") << "all" << 0.0 << 0.0;
}

// A step of AdamW moves no weight by more than a few times the rate, and some weight by about the rate.
void TestDistill::branchesLearnAtTheirOwnRate() {
    QFETCH(QString, trains);
    QFETCH(double, lr);
    QFETCH(double, branch_lr);
    DistillJob job;
    job.spec.trains = trains.toStdString();
    job.spec.lr = lr;
    job.spec.branch_lr = branch_lr;
    job.spec.steps = 5;
    job.spec.warm_up = 0;
    const auto before = copyOf(job.tiny.weights, job.tiny.branches);
    const RecoveredHybrid hybrid = job.run();
    double base = 0, branch = 0;
    for (const auto& [name, tensor] : copyOf(hybrid.weights, hybrid.branches)) {
        double& largest = name.starts_with("branch ") ? branch : base;
        largest = std::max(largest, (tensor - before.at(name)).abs().max().item<double>());
    }
    const double base_rate = trains == "all" ? lr : 0;
    if (base_rate == 0) QCOMPARE(base, 0.0);
    if (branch_lr == 0) QCOMPARE(branch, 0.0);
    if (base_rate > 0) QVERIFY2(base > base_rate && base < 10 * base_rate, qPrintable(QString::number(base)));
    if (branch_lr > 0) QVERIFY2(branch > branch_lr && branch < 10 * branch_lr, qPrintable(QString::number(branch)));
}

// The loss of the second step, after the first has moved norm and head of the student far, against loops over the
// logits of the untouched teacher; a teacher read through the student's head would have another loss.
void TestDistill::theTeacherKeepsItsHead() {
    const c10::NoGradGuard no_grad;
    DistillJob one, two;
    for (DistillJob* job : {&one, &two}) {
        job->spec.lr = 2e-2;
        job->spec.warm_up = 0;
        job->spec.lr_floor = 1;  // the same rate whatever the number of steps
        job->spec.answer_weight = 0.3;
    }
    one.spec.steps = 1;
    two.spec.steps = 2;
    const RecoveredHybrid student = one.run();
    two.run();
    const double expected = lossByHand(two.tiny.weights, student, batchAt(1), 0.3, false);
    QVERIFY(near(two.losses()[1], expected, kJobLossFloat32));
    DecoderWeights mixed = two.tiny.weights;
    mixed.final_norm_D = student.weights.final_norm_D;
    mixed.head_VD = student.weights.head_VD;
    QVERIFY(std::abs(lossByHand(mixed, student, batchAt(1), 0.3, false) - expected) > 100 * kJobLossFloat32);
}

// A teacher in bf16 trains bf16 copies, but what is returned and stored are the fp32 sums of all updates: one of 1e-6
// is far below bf16's spacing of 2^-8 of a weight and would be lost to whoever trains the hybrid further.
void TestDistill::narrowWeightsAreStoredAsMasters() {
    DistillJob job;
    forEachTensor(job.tiny.weights, [](const std::string&, at::Tensor& t) {
        if (t.dim() > 1) t = t.to(at::kBFloat16);
    });
    job.tiny.weights.head_VD = job.tiny.weights.embed_VD;
    job.tiny.branches = castBranches(job.tiny.branches, at::kCPU, at::kBFloat16);
    job.spec.steps = 3;
    job.spec.warm_up = 0;
    job.spec.lr = job.spec.branch_lr = 1e-6;
    RecoveredHybrid hybrid = job.run();
    const DecoderWeights& teacher = job.tiny.weights;
    const at::Tensor master_OI = hybrid.weights.layers[1].attn.q.weight_OI;
    const at::Tensor start_OI = teacher.layers[1].attn.q.weight_OI;
    QVERIFY(master_OI.scalar_type() == at::kFloat && start_OI.scalar_type() == at::kBFloat16);
    const at::Tensor moved_OI = (master_OI - start_OI.to(at::kFloat)).abs();
    QVERIFY(moved_OI.max().item<double>() > 1e-6 && moved_OI.max().item<double>() < 1e-5);
    QVERIFY(hybrid.branches.layers[0].q_OD.scalar_type() == at::kFloat);

    const QTemporaryDir folder;
    const std::string hash = "0123456789abcdef0123456789abcdef";
    const std::string path =
        folder.path().toStdString() + "/" + writeHybrid(folder.path().toStdString(), teacher, hybrid, hash);
    const SafetensorsFile stored = SafetensorsFile::open(path + "/weights.safetensors");
    const BranchSet branches = loadBranches(path + "/branches.safetensors", teacher.config, at::kCPU, at::kFloat);
    for (const auto& [name, master] : copyOf(hybrid.weights, hybrid.branches)) {
        if (name.starts_with("branch ")) continue;
        const TensorView* view = stored.find(name);
        const bool trained = name.find("layers.0.self_attn") == std::string::npos &&
                             name.find("layers.2.self_attn") == std::string::npos;  // plan LFL
        QCOMPARE(view != nullptr, trained);
        if (view == nullptr) continue;
        QVERIFY2(view->dtype == DType::F32 && view->bytes.size() == master.nbytes(), name.c_str());
        QVERIFY2(std::memcmp(view->bytes.data(), master.const_data_ptr(), master.nbytes()) == 0, name.c_str());
    }
    QVERIFY(at::equal(branches.layers[0].q_OD, hybrid.branches.layers[0].q_OD));

    const RecoveredHybrid working = readHybrid(path, teacher, hash);
    QVERIFY(at::equal(working.weights.layers[1].attn.q.weight_OI, master_OI.to(at::kBFloat16)));
    QVERIFY(at::equal(working.branches.layers[0].q_OD, hybrid.branches.layers[0].q_OD.to(at::kBFloat16)));
    QVERIFY(working.weights.head_VD.is_same(working.weights.embed_VD));
}

void TestDistill::stoppedRunsGoOnExactly_data() {
    QTest::addColumn<int>("stop_after");
    for (const int step : {0, 1, 4, 8, 10}) QTest::addRow("after %d steps", step) << step;
}

void TestDistill::stoppedRunsGoOnExactly() {
    QFETCH(int, stop_after);
    DistillJob whole, stopped, resumed;
    whole.spec.tune_steps = stopped.spec.tune_steps = resumed.spec.tune_steps = 4;
    const RecoveredHybrid expected = whole.run();
    const QTemporaryDir folder;
    stopped.checkpoint_path = resumed.checkpoint_path = folder.filePath("state.safetensors").toStdString();
    if (stop_after == 0) stopped.harness.control.stop();
    stopped.harness.sink.after_row = [&](int, const Row&) {
        if (static_cast<int>(stopped.harness.sink.rows.size()) == stop_after) stopped.harness.control.stop();
    };
    QVERIFY_EXCEPTION_THROWN(stopped.run(), Cancelled);
    const RecoveredHybrid hybrid = resumed.run();
    QVERIFY(changed(copyOf(expected.weights, expected.branches), copyOf(hybrid.weights, hybrid.branches)).empty());
    std::vector<double> losses = stopped.losses();
    const std::vector<double> rest = resumed.losses();
    losses.insert(losses.end(), rest.begin(), rest.end());
    QCOMPARE(losses, whole.losses());
}

void TestDistill::endlessLossesEndTheRun() {
    DistillJob job;
    job.tiny.branches.layers[0].o_DO = job.tiny.branches.layers[0].o_DO.clone();
    job.tiny.branches.layers[0].o_DO.fill_(std::nan(""));
    try {
        job.run();
        QFAIL("a loss of nan must end the run");
    } catch (const WorldError& error) {
        QVERIFY2(std::string(error.what()).find("step 0") != std::string::npos, error.what());
    }
    QVERIFY(job.harness.rows(0).empty());
}

QTEST_GUILESS_MAIN(TestDistill)
#include "test_distill.moc"
