// Exit codes, and what is said about wrong arguments.
#include <sys/stat.h>

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "tests/app/program_runner.h"

namespace fm::testing {

class TestCliUsage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void helpIsNoFailure_data();
    void helpIsNoFailure();
    void wrongUsageIsTwo_data();
    void wrongUsageIsTwo();
    void aPipeIsNoSpec();
    void jsonErrorsAreJson();
    void missingModelSaysWhich();
    void everyBadIdIsListed();
    void wrongSpecListsEverything();
    void specFilesAreHostile_data();
    void specFilesAreHostile();
    void versionSaysWhyThereIsNoGpu();
};

void TestCliUsage::helpIsNoFailure_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("program") << QStringList{"--help"} << QByteArray("tokenize");
    QTest::newRow("verb") << QStringList{"logits", "--help"} << QByteArray("--ids");
    QTest::newRow("group") << QStringList{"bench", "kernels", "--help"} << QByteArray("--all-paths");
}

void TestCliUsage::helpIsNoFailure() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, says);
    const ProgramRun run = runFlashmorph(arguments);
    QCOMPARE(run.exit_code, 0);
    QVERIFY2(run.out.contains(says), run.out.constData());
    QVERIFY(run.err.isEmpty());
}

void TestCliUsage::wrongUsageIsTwo_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("says");
    const QString model = fixture("model/qwen3");
    QTest::newRow("nothing") << QStringList{} << QByteArray("subcommand");
    QTest::newRow("unknown verb") << QStringList{"fly"} << QByteArray("fly");
    QTest::newRow("unknown option") << QStringList{"inspect", model, "--colour"} << QByteArray("--colour");
    QTest::newRow("no model") << QStringList{"inspect"} << QByteArray("MODEL");
    QTest::newRow("two models") << QStringList{"inspect", model, model} << QByteArray("expected");
    QTest::newRow("no ids") << QStringList{"logits", model} << QByteArray("--ids");
    QTest::newRow("threads negative") << QStringList{"inspect", model, "--threads", "-1"} << QByteArray("--threads");
    QTest::newRow("threads a word") << QStringList{"inspect", model, "--threads", "all"} << QByteArray("--threads");
    QTest::newRow("threads huge") << QStringList{"logits", model, "--ids", "1", "--threads", "99999999999999999999"}
                                  << QByteArray("--threads");
    QTest::newRow("device unknown") << QStringList{"logits", model, "--ids", "1", "--device", "tpu"}
                                    << QByteArray("tpu");
    QTest::newRow("device number") << QStringList{"logits", model, "--ids", "1", "--device", "cuda:999"}
                                   << QByteArray("cuda:999");
    QTest::newRow("bench alone") << QStringList{"bench"} << QByteArray("subcommand");
    QTest::newRow("runs without study") << QStringList{"runs", "list"} << QByteArray("study");
    QTest::newRow("runs of nothing") << QStringList{"runs", "list", "--study", "/nonexistent"}
                                     << QByteArray("/nonexistent");
    QTest::newRow("spec without end") << QStringList{"run", "/dev/zero"} << QByteArray("is not a regular file");
    QTest::newRow("show nothing") << QStringList{"runs", "show", "no-such-run"} << QByteArray("no-such-run");
}

void TestCliUsage::wrongUsageIsTwo() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, says);
    const ProgramRun run = runFlashmorph(arguments);
    QCOMPARE(run.exit_code, 2);
    QVERIFY2(run.err.contains(says), run.err.constData());
    QVERIFY(run.out.isEmpty());
}

// Opening a named pipe waits for a writer, and here there is none.
void TestCliUsage::aPipeIsNoSpec() {
    const QTemporaryDir dir;
    const QString pipe = dir.filePath("spec.json");
    QCOMPARE(mkfifo(pipe.toUtf8().constData(), 0600), 0);
    QElapsedTimer waited;
    waited.start();
    const ProgramRun run = runFlashmorph({"run", pipe});
    QCOMPARE(run.exit_code, 2);
    QVERIFY2(run.err.contains("is not a regular file"), run.err.constData());
    QVERIFY(waited.elapsed() < 20000);
}

void TestCliUsage::jsonErrorsAreJson() {
    for (const QStringList& arguments : {QStringList{"fly", "--json"}, QStringList{"inspect", "/nonexistent", "--json"},
                                         QStringList{"--json", "runs", "list"}}) {
        const ProgramRun run = runFlashmorph(arguments);
        QCOMPARE(run.exit_code, 2);
        const nlohmann::json json = run.json();
        QVERIFY2(json.is_object() && json.contains("error"), run.out.constData());
        QVERIFY(!json["error"]["text"].get<std::string>().empty());
    }
}

void TestCliUsage::missingModelSaysWhich() {
    const ProgramRun run = runFlashmorph({"inspect", "/nonexistent/model"});
    QCOMPARE(run.exit_code, 2);
    QVERIFY2(run.err.contains("/nonexistent/model"), run.err.constData());
}

void TestCliUsage::everyBadIdIsListed() {
    // vocabulary of 96
    const ProgramRun run = runFlashmorph({"logits", fixture("model/qwen3"), "--json", "--ids", "1,-2,,x,96,5,7e1"});
    QCOMPARE(run.exit_code, 2);
    QCOMPARE(problemFields(run), (QStringList{"ids[1]", "ids[2]", "ids[3]", "ids[4]", "ids[6]"}));
    QCOMPARE(runFlashmorph({"logits", fixture("model/qwen3"), "--ids", ""}).exit_code, 2);

    QStringList too_many;  // longest context 256
    for (int i = 0; i < 257; ++i) too_many << "1";
    const ProgramRun long_run = runFlashmorph({"logits", fixture("model/qwen3"), "--ids", too_many.join(",")});
    QCOMPARE(long_run.exit_code, 2);
    QVERIFY2(long_run.err.contains("256"), long_run.err.constData());
}

static QString writeFile(const QTemporaryDir& folder, const QByteArray& content) {
    QFile file(folder.filePath("spec.json"));
    if (!file.open(QIODevice::WriteOnly)) return {};
    file.write(content);
    return file.fileName();
}

void TestCliUsage::wrongSpecListsEverything() {
    const QTemporaryDir folder;
    const QString path = writeFile(
        folder, R"({"job": "pretrain", "steps": -5, "learning_rate": "fast", "no_such_field": 1, "seed": 1.5})");
    const ProgramRun run = runFlashmorph({"run", path, "--json"});
    QCOMPARE(run.exit_code, 2);
    const QStringList fields = problemFields(run);
    QVERIFY2(fields.contains("steps") && fields.contains("no_such_field"), fields.join(" ").toUtf8().constData());
    QVERIFY(fields.size() >= 3);
}

void TestCliUsage::specFilesAreHostile_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("job: align");
    QTest::newRow("list") << QByteArray("[1, 2]");
    QTest::newRow("no job") << QByteArray("{}");
    QTest::newRow("job a number") << QByteArray(R"({"job": 7})");
    QTest::newRow("unknown job") << QByteArray(R"({"job": "fly"})");
    QTest::newRow("study a list") << QByteArray(R"({"job": "pretrain", "study": []})");
    QTest::newRow("broken UTF-8") << QByteArray("{\"job\": \"\xff\xfe\"}");
    QTest::newRow("NUL bytes") << QByteArray("{\"job\": \"a\0b\"}", 14);
    QTest::newRow("deep") << QByteArray(200000, '[');
    QTest::newRow("large") << QByteArray(3 << 20, ' ');
}

void TestCliUsage::specFilesAreHostile() {
    QFETCH(QByteArray, content);
    const QTemporaryDir folder;
    const ProgramRun run = runFlashmorph({"run", writeFile(folder, content), "--json"});
    QCOMPARE(run.exit_code, 2);
    QVERIFY(run.json().contains("error"));
    QCOMPARE(runFlashmorph({"run", folder.path()}).exit_code, 2);  // a folder
    QCOMPARE(runFlashmorph({"run", "/nonexistent.json"}).exit_code, 2);
}

void TestCliUsage::versionSaysWhyThereIsNoGpu() {
    const ProgramRun run = runFlashmorph({"--version"});
    QCOMPARE(run.exit_code, 0);
    QVERIFY(run.out.startsWith("flashmorph "));
    const QByteArray gpu = run.out.split('\n').value(1);
    QVERIFY2(gpu.startsWith("GPU plug-in: ") && gpu.size() > 15, run.out.constData());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestCliUsage)
#include "test_cli_usage.moc"
