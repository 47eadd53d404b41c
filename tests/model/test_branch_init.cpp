#include "test_branch_support.h"

#include <QTemporaryDir>
#include <QtTest>

#include <fstream>

#include "core/base/error.h"
#include "core/model/branch_forward.h"
#include "core/model/branch_stacked.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::test;

namespace {

ModelConfig teacherConfig() {
    ModelConfig config = smallConfig();
    config.vocab_size = 20;
    config.intermediate_size = 16;
    config.num_layers = 2;
    config.max_position = 128;
    return config;
}

// Layer inputs with a common part, as a norm's weight and the residual stream's outliers give them: what the fitted
// gate row can hold on to. Targets are linear in the input, so that a branch can be near them.
BranchInit calibrationFor(const ModelConfig& config) {
    BranchInit init;
    for (std::int64_t l = 0; l < config.num_layers; ++l) {
        at::Tensor x = randomInput(config, 2, 300, 40 + l);
        x.select(-1, 4).mul_(0.05).add_(2.0);
        init.normed_BTD.push_back(x.to(at::kFloat));
        init.target_BTD.push_back((randomInput(config, 2, 300, 50 + l) * 3).to(at::kFloat));
    }
    return init;
}

}  // namespace

class TestBranchInit : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // silu(1.278) = 1: z has mean 1.278 and hardly any spread, so that silu(z) begins at 1
    void gateBeginsAtOne() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 1, at::kCPU, at::kFloat);
        const BranchInit init = calibrationFor(config);
        const BranchSet set = initBranches(teacher, {}, init, 1);
        for (std::size_t l = 0; l < set.layers.size(); ++l) {
            const at::Tensor z = at::matmul(init.normed_BTD[l], set.layers[l].z_OD.t());
            QVERIFY(std::abs(z.mean().item<double>() - 1.278) < 0.01);
            QVERIFY(z.std().item<double>() < 0.1);
            QVERIFY(std::abs(at::silu(z).mean().item<double>() - 1) < 0.01);
        }
    }

    void copiesWholeHeadsScaled() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 2, at::kCPU, at::kFloat);
        const BranchSet set = initBranches(teacher, {}, calibrationFor(config), 1);
        const std::int64_t d = config.head_dim;
        for (std::size_t l = 0; l < set.layers.size(); ++l) {
            const AttentionWeights& attn = teacher.layers[l].attn;
            QVERIFY(at::allclose(set.layers[l].q_OD, attn.q.weight_OI * 0.1));
            for (std::int64_t h = 0; h < config.num_heads; ++h) {
                // query head h reads K/V head floor(h / 2)
                const at::Tensor source = attn.k.weight_OI.narrow(0, h / 2 * d, d) * 0.1;
                QVERIFY(at::allclose(set.layers[l].k_OD.narrow(0, h * d, d), source));
                QVERIFY(at::allclose(set.layers[l].v_OD.narrow(0, h * d, d),
                                     attn.v.weight_OI.narrow(0, h / 2 * d, d) * 0.1));
            }
        }
    }

    // K/V heads of the teacher as they are, and the same outputs as the expanded set's
    void groupedStartEqualsExpanded() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 3, at::kCPU, at::kFloat);
        const BranchInit init = calibrationFor(config);
        BranchSpec grouped;
        grouped.expanded_kv = false;
        const BranchSet few = initBranches(teacher, grouped, init, 1), many = initBranches(teacher, {}, init, 1);
        QCOMPARE(few.layers[0].k_OD.size(0), config.num_kv_heads * config.head_dim);
        const at::Tensor got = linearMixer(init.normed_BTD[0], few.layers[0], few.spec, config);
        const at::Tensor want = linearMixer(init.normed_BTD[0], many.layers[0], many.spec, config);
        QVERIFY(maxRelativeError(got, want) < kBranchFloat32);
    }

    void plainStart() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 4, at::kCPU, at::kFloat);
        BranchSpec spec;
        spec.form = BranchForm::Plain;
        const BranchWeights w = initBranches(teacher, spec, calibrationFor(config), 1).layers[1];
        QVERIFY(at::equal(w.q_OD, teacher.layers[1].attn.q.weight_OI));
        QVERIFY(w.z_OD.abs().max().item<double>() == 0);  // 2 sigmoid(0) = 1
        const GdnTensors own = gdnTensors(w);
        QVERIFY(own.dt_bias_H.abs().max().item<double>() == 0);
        QVERIFY(own.b_HD.abs().max().item<double>() == 0);  // beta = 1/2
        const at::Tensor decay = own.A_log_H.exp();
        QVERIFY(std::abs(decay[0].item<double>() - 0.01) < 1e-6);
        QVERIFY(std::abs(decay[3].item<double>() - 0.5) < 1e-5);
    }

    // HALO: log decay of head h = 1..H is -2^(-8h/H)
    void lightningSlopes() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 5, at::kCPU, at::kFloat);
        BranchSpec spec;
        spec.kind = findMixer("lightning");
        const at::Tensor slopes = initBranches(teacher, spec, calibrationFor(config), 1).layers[0].own[0];
        const std::vector<double> want = {-0.25, -0.0625, -0.015625, -0.00390625};
        for (std::int64_t h = 0; h < 4; ++h) QVERIFY(std::abs(slopes[h].item<double>() - want[h]) < 1e-9);
    }

    // No other set of head scales may be nearer to the targets.
    void headScalesAreLeastSquares() {
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 6, at::kCPU, at::kFloat);
        const BranchInit init = calibrationFor(config);
        const BranchSet set = initBranches(teacher, {}, init, 1);
        const auto error = [&](const BranchWeights& w) {
            const at::Tensor y = linearMixer(init.normed_BTD[0], w, set.spec, config);
            return (y - init.target_BTD[0]).square().sum().item<double>();
        };
        const double best = error(set.layers[0]);
        for (std::int64_t h = 0; h < config.num_heads; ++h) {
            for (const double factor : {0.8, 1.2}) {
                BranchWeights other = set.layers[0];
                other.o_DO = other.o_DO.clone();
                other.o_DO.narrow(1, h * config.head_dim, config.head_dim).mul_(factor);
                QVERIFY(error(other) > best);
            }
        }
    }

    void filesKeepEverything() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("set.safetensors").toStdString();
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 7, at::kCPU, at::kFloat);
        for (const BranchCase& which : allBranchCases()) {
            BranchSet set = initBranches(teacher, specOf(which), calibrationFor(config), 1);
            set.teacher_hash = "abc";
            saveBranches(set, path);
            QCOMPARE(set.id.size(), std::size_t{32});
            BranchSet back = loadBranches(path, config, at::kCPU, at::kFloat);
            QVERIFY(back.id == set.id && back.teacher_hash == "abc");
            QVERIFY(back.spec.kind == which.kind && back.spec.form == which.form);
            QVERIFY(back.spec.expanded_kv == which.expanded_kv && back.spec.norm_eps == set.spec.norm_eps);
            const at::Tensor x = randomInput(config, 1, 9, 60).to(at::kFloat);
            for (std::size_t l = 0; l < set.layers.size(); ++l)
                QVERIFY(at::equal(linearMixer(x, back.layers[l], back.spec, config),
                                  linearMixer(x, set.layers[l], set.spec, config)));
        }
    }

    void idsFollowContent() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("set.safetensors").toStdString();
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 8, at::kCPU, at::kFloat);
        BranchSet set = initBranches(teacher, {}, calibrationFor(config), 1);
        saveBranches(set, path);
        const std::string first = set.id;
        saveBranches(set, path);
        QVERIFY(set.id == first);
        set.layers[1].z_OD[0][0] += 1;
        saveBranches(set, path);
        QVERIFY(set.id != first);
    }

    void refusesWhatDoesNotFit() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("set.safetensors").toStdString();
        ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 9, at::kCPU, at::kFloat);
        BranchSet set = initBranches(teacher, {}, calibrationFor(config), 1);
        saveBranches(set, path);
        ModelConfig other = config;
        other.num_layers = 3;
        QVERIFY_THROWS_EXCEPTION(FormatError, loadBranches(path, other, at::kCPU, at::kFloat));
        other = config;
        other.hidden_size = 10;
        QVERIFY_THROWS_EXCEPTION(FormatError, loadBranches(path, other, at::kCPU, at::kFloat));
        // a flipped byte in the last tensor
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(-3, std::ios::end);
        const char byte = static_cast<char>(file.get());
        file.seekp(-3, std::ios::end);
        file.put(static_cast<char>(byte ^ 1));
        file.close();
        QVERIFY_THROWS_EXCEPTION(FormatError, loadBranches(path, config, at::kCPU, at::kFloat));
    }

    // Layers are computed together with the first one's decay, which a file must not say otherwise.
    void refusesDecaysThatDiffer() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("set.safetensors").toStdString();
        const ModelConfig config = teacherConfig();
        const DecoderWeights teacher = randomWeights(config, 9, at::kCPU, at::kFloat);
        BranchSpec spec;
        spec.kind = findMixer("lightning");
        BranchSet set = initBranches(teacher, spec, calibrationFor(config), 1);
        saveBranches(set, path);
        loadBranches(path, config, at::kCPU, at::kFloat);
        set.layers[1].own[0] = set.layers[1].own[0] * 2;
        saveBranches(set, path);
        QVERIFY_THROWS_EXCEPTION(FormatError, loadBranches(path, config, at::kCPU, at::kFloat));
    }

    // The batched form of several layers against the oracle of each.
    void stackedEqualsOracle() {
        const ModelConfig config = teacherConfig();
        for (const BranchCase& which : allBranchCases()) {
            const BranchSpec spec = specOf(which);
            std::vector<BranchWeights> layers = {randomBranch(spec, config, 61), randomBranch(spec, config, 62)};
            for (std::size_t i = 0; i < spec.kind->tensors.size(); ++i)
                if (spec.kind->tensors[i].role == TensorRole::Constant) layers[1].own[i] = layers[0].own[i];
            const at::Tensor x = at::stack({randomInput(config, 2, 67, 63), randomInput(config, 2, 67, 64)});
            const at::Tensor got = linearMixerStacked(x, stackLayers(layers, *spec.kind, at::kDouble), spec, config);
            for (std::int64_t l = 0; l < 2; ++l)
                QVERIFY2(maxRelativeError(got[l], oracleMixer(x[l], layers[static_cast<std::size_t>(l)], spec,
                                                              config)) < kBranchFloat64,
                         which.name.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestBranchInit)
#include "test_branch_init.moc"
