// Hybrids that a format cannot hold are refused in a sentence, and nothing is written.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include "core/base/error.h"
#include "tests/export/export_fixture.h"

using namespace fm;
using namespace fm::testing;

class TestExportRefusals : public QObject {
    Q_OBJECT

private:
    static void expectRefusal(const HybridModel& hybrid, const std::string& format, const std::string& sentence) {
        const QTemporaryDir dir;
        const std::string folder = dir.filePath("out").toStdString();
        const ExportResult result = exportHybrid(exportRequest(hybrid, format, folder));
        QVERIFY(result.verdict.exactness == Exactness::NotRepresentable);
        QVERIFY(!result.written());
        std::string reasons;
        for (const std::string& reason : result.verdict.reasons) reasons += reason + "\n";
        QVERIFY2(reasons.find(sentence) != std::string::npos, reasons.c_str());
        QVERIFY(QDir(dir.path()).isEmpty());
    }

private Q_SLOTS:
    void teachers() {
        const ExportModel qwen3 = exportModel(exportConfig(ModelFamily::Qwen3, 2));
        expectRefusal(qwen3.hybrid({1}), "fla", "normalises q and k per head");
        ModelConfig config = exportConfig(ModelFamily::Qwen3, 2);
        config.head_dim = 16;
        expectRefusal(exportModel(config).hybrid({1}), "fla", "head size is 16");
        const ExportModel llama = exportModel(exportConfig(ModelFamily::Llama, 2));
        expectRefusal(llama.hybrid({1}), "qwen3_5", "has no norm on q and k");
        const ExportModel qwen2 = exportModel(exportConfig(ModelFamily::Qwen2, 2));
        expectRefusal(qwen2.hybrid({1}), "qwen3_5", "have biases");
        config = exportConfig(ModelFamily::Llama, 2);
        config.rope_scaling = Llama3RopeScaling{};
        expectRefusal(exportModel(config).hybrid({1}), "fla", "scales its rotary frequencies");
    }

    void branches() {
        BranchSpec spec;
        spec.form = BranchForm::Plain;
        const ExportModel plain = exportModel(exportConfig(ModelFamily::Llama, 2), spec);
        expectRefusal(plain.hybrid({1}), "fla", "form plain");
        spec = {};
        spec.kind = findMixer("lightning");
        const ExportModel lightning = exportModel(exportConfig(ModelFamily::Qwen3, 2), spec);
        expectRefusal(lightning.hybrid({1}), "qwen3_5", "lightning");
        // Branches that no layer uses do not matter.
        QVERIFY(judgeExport(lightning.hybrid({0, 1}), "qwen3_5").exactness == Exactness::Exact);
    }

    void everyProblemOfARequest() {
        const QTemporaryDir dir;
        const ExportModel model = exportModel(exportConfig(ModelFamily::Llama, 2));
        ExportRequest request = exportRequest(model.hybrid({1}), "onnx", dir.path().toStdString(), DType::I8);
        request.tokenizer_folder = dir.path().toStdString();
        try {
            (void)exportHybrid(request);
            QFAIL("accepted");
        } catch (const InputError& error) {
            QStringList fields;
            for (const Problem& problem : error.problems()) fields << QString::fromStdString(problem.field);
            QCOMPARE(fields, QStringList({"format", "folder", "dtype", "tokenizer_folder"}));
        }
    }

    void aFailedExportLeavesNothing() {
        const ExportModel model = exportModel(exportConfig(ModelFamily::Llama, 2));
        const QTemporaryDir dir;
        QFile file(dir.filePath("file"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const std::string folder = dir.filePath("file/out").toStdString();
        QVERIFY_EXCEPTION_THROWN((void)exportHybrid(exportRequest(model.hybrid({1}), "fla", folder)), WorldError);
    }
};

QTEST_GUILESS_MAIN(TestExportRefusals)
#include "test_export_refusals.moc"
