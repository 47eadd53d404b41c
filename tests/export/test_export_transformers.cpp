// The format qwen3_5 in the program it is for: PyPI transformers on the CPU loads a hybrid with an irregular plan.
#include <ATen/ATen.h>

#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtTest>

#include "tests/export/export_fixture.h"
#include "tests/formats/oracle_python.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

class TestExportTransformers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void loads_data() {
        QTest::addColumn<int>("kv_heads");
        QTest::addColumn<bool>("tied");
        QTest::addColumn<bool>("expanded");
        QTest::newRow("grouped K/V, tied") << 2 << true << false;
        QTest::newRow("one K/V head, untied") << 1 << false << true;
    }

    void loads() {
        FM_NEED_ORACLE_PYTHON("transformers");
        FM_NEED_ORACLE_PYTHON("torch");
        QFETCH(int, kv_heads);
        QFETCH(bool, tied);
        QFETCH(bool, expanded);
        ModelConfig config = exportConfig(ModelFamily::Qwen3, 7);
        config.num_kv_heads = kv_heads;
        config.head_dim = 16;
        config.tie_embeddings = tied;
        BranchSpec spec;
        spec.expanded_kv = expanded;
        const ExportModel model = exportModel(config, spec);
        const QTemporaryDir dir;
        const QString folder = dir.filePath("out");
        QVERIFY(exportHybrid(exportRequest(model.hybrid({0, 3, 4}), "qwen3_5", folder.toStdString())).written());

        const QString script = QString(FM_SOURCE_DIR) + "/tests/export/load_qwen3_5.py";
        const QString output = runOraclePython({script, folder});
        const QJsonObject found = QJsonDocument::fromJson(output.toUtf8()).object();
        QVERIFY2(!found.isEmpty(), "the script failed");
        QCOMPARE(found["unmatched"].toString(), QString());
        QCOMPARE(found["positions"].toInt(), 8);
        QVERIFY2(found["max_abs"].toDouble(1) <= kExportTransformers, qPrintable(output));
        QVERIFY2(found["decode_max_abs"].toDouble(1) <= kExportTransformers, qPrintable(output));
    }
};

QTEST_GUILESS_MAIN(TestExportTransformers)
#include "test_export_transformers.moc"
