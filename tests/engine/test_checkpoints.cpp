// Checkpoints that are damaged, forged or of another run: every job refuses them with a sentence that names the file,
// none crashes, and none goes on with numbers that nobody computed.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <functional>

#include "core/engine/align.h"
#include "core/engine/distill.h"
#include "core/engine/job_checkpoint.h"
#include "core/model/device.h"
#include "tests/engine/gates_job.h"

using namespace fm;
using namespace fm::testing;

namespace {

struct Forgery {
    const char* name;
    std::function<void(JobCheckpoint&)> change;
};

std::vector<Forgery> commonForgeries() {
    return {
        {"another run", [](JobCheckpoint& c) { c.run_id = "20260314T150926Z-gates-3fa9c1"; }},
        {"another spec", [](JobCheckpoint& c) { c.spec_hash = "00"; }},
        {"step -1", [](JobCheckpoint& c) { c.step = -1; }},
        {"step 2^62", [](JobCheckpoint& c) { c.step = std::int64_t{1} << 62; }},
        {"step 10^6", [](JobCheckpoint& c) { c.step = 1'000'000; }},
        {"an earlier step", [](JobCheckpoint& c) { c.step -= 1; }},
        {"no rows", [](JobCheckpoint& c) { c.rows.clear(); }},
        {"negative rows", [](JobCheckpoint& c) { c.rows[0] = -5; }},
        {"one table more", [](JobCheckpoint& c) { c.rows.push_back(0); }},
        {"no state", [](JobCheckpoint& c) { c.state = nlohmann::json::object(); }},
        {"state of another kind",
         [](JobCheckpoint& c) {
             c.state = {{"tokens_done", "many"}, {"lr", nullptr}};
         }},
        {"fractions of tokens", [](JobCheckpoint& c) { c.state["tokens_done"] = 1e300; }},
    };
}

// Every tensor in turn: gone, without elements, short, of another type, not finite.
std::vector<std::function<void(at::Tensor&)>> tensorForgeries() {
    return {
        [](at::Tensor& t) { t = at::zeros({0}, t.options()); },
        [](at::Tensor& t) { t = t.flatten().slice(0, 0, std::max<std::int64_t>(t.numel() - 1, 0)).clone(); },
        [](at::Tensor& t) {
            t = t.reshape({-1, 1, 1, 1}).clone();
        },
        [](at::Tensor& t) { t = t.to(t.scalar_type() == at::kLong ? at::kFloat : at::kLong); },
        [](at::Tensor& t) { t = t.is_floating_point() ? at::full_like(t, std::nan("")) : t - 1; },
    };
}

// Runs a job that goes on from `path`; what it says when it refuses, "" when it does not.
using Resume = std::function<void(const std::string& path)>;
std::string refusal(const Resume& resume, const std::string& path) {
    try {
        resume(path);
        return "";
    } catch (const CheckpointError& error) {
        const std::string text = error.what();
        for (const char* raw : {"json.exception", "map::at", "vector::"})
            if (text.find(raw) != std::string::npos) return "";
        return text.rfind(path, 0) == 0 ? text : "";
    }
}

void everyForgeryIsRefused(const std::string& path, const Resume& resume) {
    const JobCheckpoint good = loadJobCheckpoint(path).value();
    const auto check = [&](const QString& name, const JobCheckpoint& forged) {
        saveJobCheckpoint(path, forged);
        QVERIFY2(!refusal(resume, path).empty(), qPrintable(name));
    };
    for (const Forgery& forgery : commonForgeries()) {
        JobCheckpoint forged = good;
        forgery.change(forged);
        check(forgery.name, forged);
    }
    for (const auto& [name, tensor] : good.tensors) {
        JobCheckpoint forged = good;
        forged.tensors.erase(name);
        check(QString::fromStdString(name) + " is gone", forged);
        int which = 0;
        for (const auto& change : tensorForgeries()) {
            forged = good;
            change(forged.tensors[name]);
            if (tensor.numel() > 0) check(QString("%1 in way %2").arg(name.c_str()).arg(which), forged);
            ++which;
        }
    }
    saveJobCheckpoint(path, good);
    resume(path);  // the right one still goes on
}

}  // namespace

class TestCheckpoints : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::string pathOf(const char* name) { return folder_.filePath(name).toStdString(); }

private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void gates();
    void align();
    void distill();
    void damagedBytesAreNoticed();
};

void TestCheckpoints::gates() {
    const std::string path = pathOf("gates.safetensors");
    const auto run = [](const std::string& checkpoint, int stop_after) {
        GateJob job;
        job.checkpoint_path = checkpoint;
        int rows = 0;
        job.harness.sink.after_row = [&](int, const Row&) {
            if (++rows == stop_after) job.harness.control.stop();
        };
        job.run();
    };
    QVERIFY_EXCEPTION_THROWN(run(path, 6), Cancelled);
    everyForgeryIsRefused(path, [&](const std::string& checkpoint) { run(checkpoint, -1); });
    JobCheckpoint forged = loadJobCheckpoint(path).value();
    for (const double budget : {-1.0, 0.5, 99.0, 1e300}) {
        forged.tensors["scalars"][3] = budget;
        saveJobCheckpoint(path, forged);
        QVERIFY(!refusal([&](const std::string& checkpoint) { run(checkpoint, -1); }, path).empty());
    }
}

void TestCheckpoints::align() {
    const std::string path = pathOf("align.safetensors");
    const TinyModel tiny = tinyModel(2, at::kFloat);
    AlignSpec spec;
    spec.steps = 4;
    spec.warm_up = 1;
    spec.tasks = {"tiny"};
    const auto run = [&](const std::string& checkpoint, int stop_after) {
        JobHarness harness(alignTables(2));
        AlignInputs inputs;
        inputs.teacher = &tiny.weights;
        inputs.train = [](std::int64_t i) { return tinyBatch(2, 20, 4, 1, static_cast<std::uint64_t>(i) + 1); };
        inputs.held_out = {tinyBatch(2, 20, 4, 1, 99)};
        inputs.checkpoint_path = checkpoint;
        int rows = 0;
        harness.sink.after_row = [&](int, const Row&) {
            if (++rows == stop_after) harness.control.stop();
        };
        runAlign(spec, inputs, harness.context);
    };
    QVERIFY_EXCEPTION_THROWN(run(path, 3), Cancelled);
    everyForgeryIsRefused(path, [&](const std::string& checkpoint) { run(checkpoint, -1); });
}

void TestCheckpoints::distill() {
    const std::string path = pathOf("distill.safetensors");
    const TinyModel tiny = tinyModel(2, at::kFloat);
    DistillSpec spec;
    spec.steps = 4;
    spec.warm_up = 1;
    const auto run = [&](const std::string& checkpoint, int stop_after) {
        JobHarness harness(distillTables());
        DistillInputs inputs;
        inputs.teacher = &tiny.weights;
        inputs.branches = &tiny.branches;
        inputs.plan = Plan::fromFullLayers(2, {0});
        inputs.distill = [](std::int64_t i) { return tinyBatch(2, 20, 4, 1, static_cast<std::uint64_t>(i) + 1); };
        inputs.checkpoint_path = checkpoint;
        int rows = 0;
        harness.sink.after_row = [&](int, const Row&) {
            if (++rows == stop_after) harness.control.stop();
        };
        runDistill(spec, inputs, harness.context);
    };
    QVERIFY_EXCEPTION_THROWN(run(path, 2), Cancelled);
    everyForgeryIsRefused(path, [&](const std::string& checkpoint) { run(checkpoint, -1); });
}

void TestCheckpoints::damagedBytesAreNoticed() {
    const std::string path = pathOf("bytes.safetensors");
    RunOpened run;
    run.run_id = "r";
    JobCheckpoint checkpoint = checkpointOf(run, 1);
    checkpoint.tensors["values"] = at::arange(64, at::kDouble);
    saveJobCheckpoint(path, checkpoint);
    QFile file(QString::fromStdString(path));
    QVERIFY(file.open(QIODevice::ReadWrite));
    const QByteArray good = file.readAll();
    for (const qsizetype at : {qsizetype{0}, qsizetype{9}, qsizetype{40}, good.size() - 1, good.size() - 300}) {
        QByteArray bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 4);
        QVERIFY(file.seek(0) && file.write(bad) == bad.size() && file.flush());
        QVERIFY_EXCEPTION_THROWN(loadJobCheckpoint(path), CheckpointError);
    }
}

QTEST_GUILESS_MAIN(TestCheckpoints)
#include "test_checkpoints.moc"
