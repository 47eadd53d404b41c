// Exports as a person makes them: names that meet, folders in and out of the study, stops and kills.
#include <ATen/ATen.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QScopeGuard>
#include <QTest>

#include <csignal>
#include <memory>

#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"

namespace fm::testing {

class TestExportVerbs : public QObject {
    Q_OBJECT

    std::unique_ptr<TinyStudy> study_;

    QStringList command(const QStringList& arguments) const {
        return study_->options() + QStringList{"export"} + arguments;
    }
    ProgramRun run(const QStringList& arguments) const { return runFlashmorph(command(arguments)); }
    std::unique_ptr<QProcess> start(const QStringList& arguments) const {
        auto process = std::make_unique<QProcess>();
        process->start(FM_PROGRAM, command(arguments));
        return process;
    }
    std::map<std::string, Artifact> artifacts() const {
        return Study::open(study_->path().toStdString()).info().artifacts;
    }
    static bool verified(const QString& folder) { return runFlashmorph({"verify", folder}).exit_code == 0; }

private Q_SLOTS:
    void initTestCase();
    void precisionAndRecoveryArePartOfTheName();
    void onePathFromManySpellings();
    void onlyWhatLiesInTheStudyIsListed();
    void namesThatCannotBe();
    void twoAtOnceIntoOneFolder();
    void aFolderThatWasCompleteIsTakenOver();
    void oneCtrlCEndsIt();
};

void TestExportVerbs::initTestCase() {
    study_ = std::make_unique<TinyStudy>();
    const ProgramRun align =
        runFlashmorph(study_->options() + QStringList{"align", "--tasks", "single", "--lengths", "96", "--steps", "2",
                                                      "--tokens-per-step", "192"});
    QVERIFY2(align.exit_code == 0, align.err.constData());
}

void TestExportVerbs::precisionAndRecoveryArePartOfTheName() {
    const ProgramRun small = run({"--layers", "0", "--dtype", "bf16"}),
                     large = run({"--layers", "0", "--dtype", "f32"});
    QVERIFY2(small.exit_code == 0 && large.exit_code == 0, small.err + large.err);
    QVERIFY(small.json()["folder"] != large.json()["folder"]);
    QVERIFY(artifacts().contains("export-qwen3_5-FLL-bf16") && artifacts().contains("export-qwen3_5-FLL-f32"));
    const ProgramRun again = run({"--layers", "0", "--dtype", "f32"});
    QCOMPARE(again.exit_code, 2);  // there is one already, and it stays
    QVERIFY(verified(study_->path("exports/qwen3_5-FLL-f32")));
}

void TestExportVerbs::onePathFromManySpellings() {
    QCOMPARE(run({"--layers", "1", "--out", study_->path("exports/foo/")}).exit_code, 0);
    QCOMPARE(run({"--layers", "1", "--out", study_->path("exports/../exports/./bar")}).exit_code, 0);
    QCOMPARE(run({"--layers", "1", "--out", study_->path("exports/a/d")}).exit_code, 0);
    QCOMPARE(run({"--layers", "2", "--out", study_->path("exports/b/d")}).exit_code, 0);
    QStringList paths;
    for (const auto& [id, artifact] : artifacts()) paths << QString::fromStdString(artifact.path);
    for (const char* path : {"exports/foo", "exports/bar", "exports/a/d", "exports/b/d"})
        QVERIFY2(paths.contains(path), path);
    QCOMPARE(artifacts().at("export-foo").path, std::string("exports/foo"));
}

void TestExportVerbs::onlyWhatLiesInTheStudyIsListed() {
    const std::size_t before = artifacts().size();
    const ProgramRun outside = run({"--layers", "1", "--out", study_->path("../beside")});
    QVERIFY2(outside.exit_code == 0, outside.err.constData());
    QVERIFY(verified(study_->path("../beside")));
    QCOMPARE(artifacts().size(), before);
}

void TestExportVerbs::namesThatCannotBe() {
    for (const QString& out : {QString("~"), QString("~/x"), QString(300, 'x'), QString(5000, 'y')}) {
        const ProgramRun refused = run({"--layers", "1", "--out", out});
        QVERIFY2(refused.exit_code == 2, refused.err.constData());
        QVERIFY(!refused.err.contains("filesystem error"));
    }
    QProcess bytes;  // not UTF-8
    const QStringList script = {"-c", "exec \"$0\" \"$@\" --out \"$(printf 'a\\377b')\"", FM_PROGRAM};
    bytes.start("sh", script + command({"--layers", "1"}));
    QVERIFY(bytes.waitForFinished());
    QCOMPARE(bytes.exitCode(), 2);
    QVERIFY(bytes.readAllStandardError().contains("UTF-8"));
}

void TestExportVerbs::twoAtOnceIntoOneFolder() {
    for (int round = 0; round < 4; ++round) {
        const QString out = study_->path(QString("exports/both%1").arg(round));
        const auto first = start({"--layers", "0,1", "--out", out}), second = start({"--layers", "2", "--out", out});
        QVERIFY(first->waitForFinished() && second->waitForFinished());
        const int done = (first->exitCode() == 0 ? 1 : 0) + (second->exitCode() == 0 ? 1 : 0);
        QVERIFY2(done == 1, first->readAllStandardError() + second->readAllStandardError());
        QVERIFY(verified(out));
        const std::string plan = nlohmann::json::parse(fileContent(out + "/flashmorph.json").toStdString())["plan"];
        QCOMPARE(plan, std::string(first->exitCode() == 0 ? "FFL" : "LLF"));
    }
}

// Killed between the folder and the end of the run: study.json cannot be changed meanwhile, because it is locked.
void TestExportVerbs::aFolderThatWasCompleteIsTakenOver() {
    const QString out = study_->path("exports/late");
    QProcess process;
    {
        const int lock = ::open(study_->path().toUtf8().constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const auto unlock = qScopeGuard([lock] { ::close(lock); });
        QVERIFY(lock >= 0 && ::flock(lock, LOCK_EX) == 0);
        // Without --text: a new text would be written to study.json before the export begins.
        process.start(FM_PROGRAM, {"--study", study_->path(), "--device", "cpu", "--threads", "1", "export", "--layers",
                                   "1", "--out", out});
        QTRY_VERIFY_WITH_TIMEOUT(QDir(out).exists(), 30000);
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished());
    }
    QVERIFY(!artifacts().contains("export-late"));
    const ProgramRun resumed = run({"--resume", study_->runIds().last()});
    QVERIFY2(resumed.exit_code == 0, resumed.err.constData());
    QCOMPARE(resumed.json()["verdict"]["verdict"].get<std::string>(), std::string("approximate"));
    QCOMPARE(artifacts().at("export-late").path, std::string("exports/late"));
    QVERIFY(verified(out));
}

void TestExportVerbs::oneCtrlCEndsIt() {
    constexpr int attempts = 20;  // a tiny export takes a fraction of a second, and the signal may come too late
    for (int attempt = 0; attempt < attempts; ++attempt) {
        const QString out = study_->path(QString("exports/stopped%1").arg(attempt));
        const auto process = start({"--layers", "1", "--out", out});
        QElapsedTimer waited;
        waited.start();
        const QDir exports(study_->path("exports"));
        const QStringList working = {QString(".stopped%1.*.partial").arg(attempt)};
        while (exports.entryList(working, QDir::Dirs | QDir::Hidden).isEmpty() && waited.elapsed() < 30000)
            QTest::qSleep(1);
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        QVERIFY(process->waitForFinished());
        QVERIFY(exports.entryList(working, QDir::Dirs | QDir::Hidden).isEmpty());
        if (process->exitCode() != 130) continue;
        QVERIFY(!QDir(out).exists());
        return;
    }
    QFAIL("no export was stopped by its first Ctrl-C");
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestExportVerbs)
#include "test_export_verbs.moc"
