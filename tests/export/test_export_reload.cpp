// Exports read back by the independent re-loader: every pattern and shape gives the hybrid's logits, and damage shows.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/export/reload.h"
#include "core/model/tensor_bytes.h"
#include "tests/export/export_fixture.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 5;

// The folder's tensors, changed by `edit`, written again.
void rewriteTensors(const std::string& folder, const std::function<void(std::map<std::string, at::Tensor>&)>& edit) {
    const std::string path = folder + "/model.safetensors";
    std::map<std::string, at::Tensor> tensors;
    {
        const SafetensorsFile file = SafetensorsFile::open(path);
        for (const TensorView& view : file.tensors()) tensors[view.name] = tensorFromView(view, path);
    }
    edit(tensors);
    std::vector<TensorToWrite> entries;
    for (const auto& [name, tensor] : tensors) entries.push_back(describeTensor(name, tensor));
    writeSafetensors(path, entries);
}

std::string joined(const ReloadReport& report) {
    std::string text;
    for (const std::string& problem : report.problems) text += problem + "\n";
    return text;
}

}  // namespace

class TestExportReload : public QObject {
    Q_OBJECT

private:
    // One sound export of each format in `dir`.
    std::string exported(const QTemporaryDir& dir, const std::string& format, DType dtype = DType::F32) {
        const ModelFamily family = format == "fla" ? ModelFamily::Llama : ModelFamily::Qwen3;
        const ExportModel model = exportModel(exportConfig(family, 2));
        const std::string folder = dir.filePath("out").toStdString();
        const ExportResult result = exportHybrid(exportRequest(model.hybrid({1}), format, folder, dtype));
        return result.folder;
    }

private Q_SLOTS:
    void patterns_data() {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QList<int>>("full");
        for (const Mixer* mixer : mixers()) {
            for (const std::string& format : mixer->exports_to) {
                const auto row = [&](const char* name, const QList<int>& full) {
                    QTest::addRow("%s, %s, %s", format.c_str(), mixer->name, name)
                        << QString::fromStdString(format) << QString(mixer->name) << full;
                };
                row("first layer full", {0});
                row("last layer linear", {0, 3});
                row("irregular", {0, 1, 4});
                row("all full", {0, 1, 2, 3, 4});
                row("none full", {});
            }
        }
    }

    void patterns() {
        QFETCH(QString, format);
        QFETCH(QString, kind);
        QFETCH(QList<int>, full);
        const QTemporaryDir dir;
        BranchSpec spec;
        spec.kind = findMixer(kind.toStdString());
        const ExportModel model =
            exportModel(exportConfig(format == "fla" ? ModelFamily::Llama : ModelFamily::Qwen3, kLayers), spec);
        const std::string folder = dir.filePath("out").toStdString();
        HybridModel hybrid = model.hybrid({full.begin(), full.end()});
        if (full.size() == kLayers) hybrid.branches = nullptr;
        const ExportResult result = exportHybrid(exportRequest(hybrid, format.toStdString(), folder));
        QVERIFY(result.written());
        QVERIFY(result.verdict.exactness == Exactness::Exact);
        const ReloadReport report = verifyExport(folder);
        QVERIFY2(report.passed(), joined(report).c_str());
        // Both sides compute in float64; F32 storage of w - 1 and of the reference logits is what is left.
        QVERIFY2(report.error.max_abs < 1e-5, std::to_string(report.error.max_abs).c_str());
        QCOMPARE(report.error.greedy_agreement, 1.0);
    }

    void shapes_data() {
        QTest::addColumn<int>("family");
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("kv_heads");
        QTest::addColumn<int>("head_dim");
        QTest::addColumn<bool>("tied");
        QTest::addColumn<bool>("expanded");
        const int llama = static_cast<int>(ModelFamily::Llama);
        const int qwen2 = static_cast<int>(ModelFamily::Qwen2);
        const int qwen3 = static_cast<int>(ModelFamily::Qwen3);
        QTest::newRow("llama, 9 heads on 3, untied") << llama << 9 << 3 << 6 << false << true;
        QTest::newRow("llama, 9 heads on 3, grouped branch") << llama << 9 << 3 << 6 << true << false;
        QTest::newRow("qwen2.5, biases, untied") << qwen2 << 6 << 2 << 4 << false << true;
        QTest::newRow("qwen3, wide heads, tied") << qwen3 << 4 << 2 << 16 << true << true;
        QTest::newRow("qwen3, 9 heads on 3, grouped branch, untied") << qwen3 << 9 << 3 << 8 << false << false;
        QTest::newRow("qwen3, one K/V head") << qwen3 << 4 << 1 << 8 << true << false;
    }

    void shapes() {
        QFETCH(int, family);
        QFETCH(int, heads);
        QFETCH(int, kv_heads);
        QFETCH(int, head_dim);
        QFETCH(bool, tied);
        QFETCH(bool, expanded);
        ModelConfig config = exportConfig(static_cast<ModelFamily>(family), 3);
        config.num_heads = heads;
        config.num_kv_heads = kv_heads;
        config.head_dim = head_dim;
        if (!config.qk_norm) config.hidden_size = heads * head_dim;
        config.tie_embeddings = tied;
        BranchSpec spec;
        spec.expanded_kv = expanded;
        const ExportModel model = exportModel(config, spec);
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const std::string format = defaultExportFormat(config);
        QVERIFY(exportHybrid(exportRequest(model.hybrid({1}), format, folder)).written());
        const ReloadReport report = verifyExport(folder);
        QVERIFY2(report.passed(), joined(report).c_str());
        QVERIFY2(report.error.max_abs < 1e-5, std::to_string(report.error.max_abs).c_str());
    }

    void bf16IsApproximateAndMeasured() {
        for (const char* format : {"fla", "qwen3_5"}) {
            const QTemporaryDir dir;
            const ModelFamily family = std::string(format) == "fla" ? ModelFamily::Llama : ModelFamily::Qwen3;
            const ExportModel model = exportModel(exportConfig(family, 3), {}, 0.25);
            const std::string folder = dir.filePath("out").toStdString();
            const ExportResult result = exportHybrid(exportRequest(model.hybrid({1}), format, folder, DType::BF16));
            QVERIFY(result.verdict.exactness == Exactness::Approximate);
            QVERIFY(result.verdict.as_stored->max_abs > 1e-5);
            const std::string cosine = format + std::string(": ") + std::to_string(result.verdict.as_stored->cosine);
            QVERIFY2(result.verdict.as_stored->cosine > kExportBfloat16Cosine, cosine.c_str());
            QVERIFY(result.verdict.cast_to_bf16->max_abs > 1e-5);
            const ReloadReport report = verifyExport(folder);
            QVERIFY2(report.passed(), joined(report).c_str());
            QCOMPARE(report.precision, std::string("BF16"));
        }
    }

    // Rounding the hybrid and rounding its export is the same: nothing else is lost in bf16.
    void bf16WeightsStayExact() {
        const auto round = [](const std::string&, at::Tensor& t) {
            if (t.dim() > 1) t.copy_(t.to(at::kBFloat16).to(at::kFloat));
        };
        for (const char* format : {"fla", "qwen3_5"}) {
            ExportModel model =
                exportModel(exportConfig(std::string(format) == "fla" ? ModelFamily::Llama : ModelFamily::Qwen3, 2));
            forEachTensor(model.weights, round);
            forEachTensor(model.branches, round);
            const QTemporaryDir dir;
            const std::string folder = dir.filePath("out").toStdString();
            const ExportResult result = exportHybrid(exportRequest(model.hybrid({0}), format, folder, DType::BF16));
            QVERIFY(result.verdict.exactness == Exactness::Exact);
            QVERIFY(result.verdict.as_stored->max_abs < 1e-5);
        }
    }

    void anotherEpsilonIsApproximate() {
        ExportModel model = exportModel(exportConfig(ModelFamily::Llama, 2));
        model.branches.spec.norm_eps = 1e-3;
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportResult result = exportHybrid(exportRequest(model.hybrid({1}), "fla", folder));
        QVERIFY(result.verdict.exactness == Exactness::Approximate);
        QVERIFY2(result.verdict.reasons.front().find("epsilon") != std::string::npos,
                 result.verdict.reasons.front().c_str());
        QVERIFY(result.verdict.as_stored->max_abs > kMaxLogitError);
        QVERIFY(verifyExport(folder).passed());
    }

    void aChangedWeightFails_data() {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("tensor");
        QTest::newRow("decay") << "fla"
                               << "model.layers.0.attn.A_log";
        QTest::newRow("key") << "fla"
                             << "model.layers.0.attn.k_proj.weight";
        QTest::newRow("full layer") << "fla"
                                    << "model.layers.1.attn.v_proj.weight";
        QTest::newRow("taps") << "qwen3_5"
                              << "model.layers.0.linear_attn.conv1d.weight";
        QTest::newRow("q norm") << "qwen3_5"
                                << "model.layers.1.self_attn.q_norm.weight";
        QTest::newRow("gate rows") << "qwen3_5"
                                   << "model.layers.1.self_attn.q_proj.weight";
    }

    void aChangedWeightFails() {
        QFETCH(QString, format);
        QFETCH(QString, tensor);
        const QTemporaryDir dir;
        const std::string folder = exported(dir, format.toStdString());
        rewriteTensors(folder, [&](auto& tensors) { tensors.at(tensor.toStdString()).add_(0.05); });
        const ReloadReport report = verifyExport(folder);
        QVERIFY(!report.passed());
        QVERIFY2(report.problems.front().find("differ from the hybrid's by up to") != std::string::npos,
                 report.problems.front().c_str());
    }

    void aBf16ExportIsHeldToItsOwnError() {
        const QTemporaryDir dir;
        const std::string folder = exported(dir, "fla", DType::BF16);
        rewriteTensors(folder, [](auto& tensors) { tensors.at("model.layers.0.attn.dt_bias").add_(0.3); });
        QVERIFY(!verifyExport(folder).passed());
    }

    void notANumberFails() {
        const QTemporaryDir dir;
        const std::string folder = exported(dir, "fla");
        rewriteTensors(folder, [](auto& tensors) { tensors.at("model.norm.weight").fill_(std::nan("")); });
        const ReloadReport report = verifyExport(folder);
        QCOMPARE(QString::fromStdString(report.problems.front()), QString("The logits are not finite numbers."));
    }

    void everyTensorIsAccountedFor() {
        const QTemporaryDir dir;
        const std::string folder = exported(dir, "qwen3_5");
        rewriteTensors(folder, [](auto& tensors) {
            tensors["model.extra.weight"] = at::zeros({3});
            tensors.erase("model.layers.1.self_attn.k_norm.weight");
            tensors["model.norm.weight"] = at::zeros({31});
        });
        const std::string text = joined(verifyExport(folder));
        QVERIFY2(text.find("model.extra.weight is used by no part") != std::string::npos, text.c_str());
        QVERIFY2(text.find("model.layers.1.self_attn.k_norm.weight is missing") != std::string::npos, text.c_str());
        QVERIFY2(text.find("model.norm.weight has the shape [31]; config.json asks for [32]") != std::string::npos,
                 text.c_str());
    }

    void anotherPatternFails() {
        const QTemporaryDir dir;
        const std::string folder = exported(dir, "fla");
        QFile file(QString::fromStdString(folder + "/config.json"));
        QVERIFY(file.open(QIODevice::ReadWrite));
        nlohmann::json config = nlohmann::json::parse(file.readAll().toStdString());
        config["attn"]["layers"] = nlohmann::json::array({0});
        file.resize(0);
        file.write(config.dump().c_str());
        file.close();
        const std::string text = joined(verifyExport(folder));
        QVERIFY2(text.find("model.layers.1.attn.A_log is missing") != std::string::npos, text.c_str());
    }

    void damagedFilesAreSentences() {
        const QTemporaryDir dir;
        const std::string folder = exported(dir, "fla");
        QFile file(QString::fromStdString(folder + "/model.safetensors"));
        QVERIFY(file.resize(file.size() / 2));
        QVERIFY_EXCEPTION_THROWN(verifyExport(folder), FormatError);
        QVERIFY_EXCEPTION_THROWN(verifyExport(dir.filePath("nowhere").toStdString()), InputError);
        QVERIFY_EXCEPTION_THROWN(verifyExport(dir.path().toStdString()), InputError);
    }
};

QTEST_GUILESS_MAIN(TestExportReload)
#include "test_export_reload.moc"
