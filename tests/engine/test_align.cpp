#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>

#include "core/base/error.h"
#include "core/engine/align.h"
#include "core/engine/align_loss.h"
#include "core/engine/align_taps.h"
#include "core/engine/tensor_util.h"
#include "core/model/hybrid_model.h"
#include "tests/support/tolerances.h"

using namespace fm;

namespace {

ModelConfig tinyConfig() {
    ModelConfig config;
    config.vocab_size = 32;
    config.hidden_size = 16;
    config.intermediate_size = 24;
    config.num_layers = 3;
    config.num_heads = 4;
    config.num_kv_heads = 2;
    config.head_dim = 4;
    config.max_position = 64;
    return config;
}

// Random token sequences, the last two positions of the first one padding. A pure function of the index.
Batch tinyBatch(std::int64_t index) {
    Batch batch;
    batch.batch = 3;
    batch.tokens = 24;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(index + 1000));
    const at::Tensor ids = at::randint(0, 32, {72}, generator, at::kLong);
    for (std::int64_t i = 0; i < 72; ++i) batch.ids_BT.push_back(static_cast<TokenId>(ids[i].item<std::int64_t>()));
    batch.valid_BT.assign(72, 1);
    batch.answer_BT.assign(72, 0);
    batch.valid_BT[22] = batch.valid_BT[23] = 0;
    return batch;
}

AlignSpec tinySpec() {
    AlignSpec spec;
    spec.steps = 6;
    spec.tokens_per_step = 144;
    spec.micro_batches = 2;
    spec.lr = 5e-3;
    spec.warm_up = 2;
    spec.eval_every = 3;
    spec.checkpoint_every = 2;
    return spec;
}

struct RowsSink : EventSink {
    std::vector<std::pair<int, Row>> rows;
    std::vector<std::string> log;
    std::function<void()> after_row;
    void post(const RunEvent& event) override {
        if (const Logged* logged = std::get_if<Logged>(&event.body)) log.push_back(logged->text);
        const RowAppended* row = std::get_if<RowAppended>(&event.body);
        if (!row) return;
        rows.emplace_back(row->table, row->row);
        if (after_row) after_row();
    }
    std::vector<std::vector<float>> vectors(int table, std::size_t column) const {
        std::vector<std::vector<float>> found;
        for (const auto& [index, row] : rows)
            if (index == table) found.push_back(std::get<std::vector<float>>(row[column]));
        return found;
    }
};

// One run of the job with its own context, as the command line would start it.
struct Driver {
    DecoderWeights teacher = randomWeights(tinyConfig(), 1, at::kCPU, at::kFloat);
    RunControl control;
    RowsSink sink;
    std::string checkpoint_path;

    BranchSet run(const AlignSpec& spec) {
        JobContext context(control, {&sink});
        RunOpened header;
        header.run_id = "test";
        header.job = "align";
        header.tables = alignTables(3);
        context.open(header);
        AlignInputs inputs;
        inputs.teacher = &teacher;
        inputs.teacher_hash = "hash";
        inputs.train = tinyBatch;
        inputs.held_out = {tinyBatch(-500)};
        inputs.checkpoint_path = checkpoint_path;
        return runAlign(spec, inputs, context);
    }
};

bool sameTensors(BranchSet& a, BranchSet& b) {
    std::vector<at::Tensor> left, right;
    forEachTensor(a, [&](const std::string&, at::Tensor& t) { left.push_back(t); });
    forEachTensor(b, [&](const std::string&, at::Tensor& t) { right.push_back(t); });
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
        if (!at::equal(left[i], right[i])) return false;
    return true;
}

}  // namespace

class TestAlign : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // The taps put together give the teacher's own residual stream.
    void tapsAreTheTeacher() {
        const ModelConfig config = tinyConfig();
        const DecoderWeights teacher = randomWeights(config, 1, at::kCPU, at::kFloat);
        const at::Tensor ids_BT = idsTensor(tinyBatch(0), at::kCPU);
        const Rope rope = makeRope(config, 24, at::kCPU, at::kFloat);
        at::Tensor hidden = embed(teacher, ids_BT);
        std::int64_t count = 0;
        tapTeacher(teacher, ids_BT, rope, [&](std::int64_t layer, const LayerTap& tap) {
            QCOMPARE(layer, count++);
            const LayerWeights& w = teacher.layers[static_cast<std::size_t>(layer)];
            QVERIFY(at::allclose(tap.normed_BTD, rmsNorm(hidden, w.attn_norm_D, config.rms_norm_eps)));
            hidden = hidden + tap.mixer_BTD;
            hidden = hidden + swigluMlp(rmsNorm(hidden, w.mlp_norm_D, config.rms_norm_eps), w.mlp);
        });
        QCOMPARE(count, config.num_layers);
        QVERIFY(at::allclose(hidden, forwardHidden(teacherModel(teacher), ids_BT, rope), 1e-5, 1e-6));
    }

    // By hand, token by token, padding left out; alone and in groups of layers.
    void relativeErrorIsWhatItSays() {
        const ModelConfig config = tinyConfig();
        const DecoderWeights teacher = randomWeights(config, 1, at::kCPU, at::kFloat);
        const Batch batch = tinyBatch(3);
        const Rope rope = makeRope(config, 24, at::kCPU, at::kFloat);
        const BranchInit taps = calibrationTaps(teacher, idsTensor(batch, at::kCPU), rope);
        const BranchSet set = initBranches(teacher, {}, taps, 1);
        std::vector<double> want;
        for (std::size_t l = 0; l < 3; ++l) {
            const at::Tensor y = linearMixer(taps.normed_BTD[l], set.layers[l], set.spec, config);
            double error = 0, size = 0;
            for (std::int64_t b = 0; b < 3; ++b) {
                for (std::int64_t t = 0; t < 24; ++t) {
                    if (b == 0 && t >= 22) continue;
                    error += (y[b][t] - taps.target_BTD[l][b][t]).square().sum().item<double>();
                    size += taps.target_BTD[l][b][t].square().sum().item<double>();
                }
            }
            want.push_back(error / size);
        }
        for (const std::int64_t group : {1, 2, 3}) {
            const std::vector<float> got = relativeErrors(teacher, set, {batch}, rope, group);
            for (std::size_t l = 0; l < 3; ++l) QVERIFY(std::abs(got[l] - want[l]) < kBranchFloat32 * want[l]);
        }
    }

    void learns() {
        Driver driver;
        AlignSpec spec = tinySpec();
        spec.steps = 60;
        spec.eval_every = 60;
        const BranchSet set = driver.run(spec);
        QVERIFY(set.teacher_hash == "hash" && !set.layers[0].q_OD.requires_grad());
        const std::vector<std::vector<float>> held_out = driver.sink.vectors(1, 2);
        QCOMPARE(held_out.size(), std::size_t{2});
        // random tokens on a random teacher: little can be learned, least in the first layer
        for (std::size_t l = 0; l < 3; ++l) QVERIFY(held_out[1][l] < held_out[0][l]);
        QVERIFY(held_out[1][2] < 0.9f * held_out[0][2]);
        QCOMPARE(driver.sink.vectors(0, 3).size(), std::size_t{60});
    }

    // In groups or one by one, layers learn the same.
    void groupsTrainAlike() {
        Driver alone, grouped;
        AlignSpec spec = tinySpec();
        alone.run(spec);
        spec.layers_per_pass = 2;
        grouped.run(spec);
        const std::vector<std::vector<float>> a = alone.sink.vectors(0, 3), b = grouped.sink.vectors(0, 3);
        QCOMPARE(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            for (std::size_t l = 0; l < 3; ++l) QVERIFY(std::abs(a[i][l] - b[i][l]) < kAlignGroups * a[i][l]);
    }

    // Stopped at any row and started again: the same numbers and the same branches, bit for bit.
    void resumesBitForBit() {
        Driver whole;
        BranchSet want = whole.run(tinySpec());
        const std::vector<std::vector<float>> want_errors = whole.sink.vectors(0, 3);
        for (const int stop_after : {1, 3, 5}) {
            QTemporaryDir folder;
            Driver first;
            first.checkpoint_path = folder.filePath("align.safetensors").toStdString();
            int rows = 0;
            first.sink.after_row = [&] {
                if (++rows == stop_after + 1) first.control.stop();  // the first row is held-out, before any step
            };
            QVERIFY_THROWS_EXCEPTION(Cancelled, first.run(tinySpec()));
            Driver second;
            second.checkpoint_path = first.checkpoint_path;
            BranchSet got = second.run(tinySpec());
            QVERIFY(sameTensors(want, got));
            std::vector<std::vector<float>> errors = first.sink.vectors(0, 3);
            for (const std::vector<float>& row : second.sink.vectors(0, 3)) errors.push_back(row);
            QVERIFY(errors == want_errors);
        }
    }

    // A kill leaves the last periodic checkpoint: what follows it is done again, with the same result.
    void survivesAKill() {
        QTemporaryDir folder;
        Driver whole;
        BranchSet want = whole.run(tinySpec());
        Driver first;
        first.checkpoint_path = folder.filePath("align.safetensors").toStdString();
        struct Killed {};
        int rows = 0;
        first.sink.after_row = [&] {
            if (++rows == 6) throw Killed();  // after step 3; the last checkpoint is of step 2 or 4
        };
        QVERIFY_THROWS_EXCEPTION(Killed, first.run(tinySpec()));
        Driver second;
        second.checkpoint_path = first.checkpoint_path;
        BranchSet got = second.run(tinySpec());
        QVERIFY(second.sink.vectors(0, 3).size() < 6);
        QVERIFY(sameTensors(want, got));
    }

    void rateChangesWhileRunning() {
        Driver driver;
        driver.control.set("lr", 0.0);
        AlignSpec spec = tinySpec();
        spec.lr_floor = 0;
        driver.run(spec);
        const std::vector<std::vector<float>> held_out = driver.sink.vectors(1, 2);
        QVERIFY(held_out.front() == held_out.back());  // a rate of 0 changes nothing
        QVERIFY(std::count(driver.sink.log.begin(), driver.sink.log.end(), "[align] lr = 0.000000 from step 0") == 1);
    }
};

QTEST_GUILESS_MAIN(TestAlign)
#include "test_align.moc"
