// Jobs of the real program that the world disturbs: signals, a limit on file sizes, files deleted under them, leftovers
// of killed jobs, a clock that was set back.
#include <ATen/ATen.h>

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>
#include <csignal>
#include <memory>
#include <thread>

#include "core/run/run_id.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"

namespace fm::testing {

namespace {

const QStringList kShared = {"--tasks", "single,copy", "--lengths", "96", "--tokens-per-step", "384"};
const QStringList kLong = QStringList{"--steps", "100000", "--budget", "1"} + kShared;  // until somebody ends it

void signalTo(const QProcess& process, int signal) { ::kill(static_cast<pid_t>(process.processId()), signal); }

// Whether the process has come to handle SIGTERM, within three seconds.
bool handlesTermination(const QProcess& process) {
    static const QRegularExpression caught("SigCgt:\\s*([0-9a-f]+)");
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 3000) {
        const QString status = fileContent(QString("/proc/%1/status").arg(process.processId()));
        if (caught.match(status).captured(1).toULongLong(nullptr, 16) >> (SIGTERM - 1) & 1) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

}  // namespace

class TestJobEnds : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void terminationBeforeTheJobHasItsCode();
    void hangupKeepsEverything();
    void hangupEndsServePolitely();
    void theFileSizeLimitIsExplained();
    void aDeletedRunFileIsAFailure();
    void leftoversGoWithTheNextJob();
    void theNewestRunOutlivesAClockSetBack();

private:
    // Starts a gate run that goes on and on, and waits for its file.
    std::unique_ptr<QProcess> startGates(QString& run_id);
    ProgramRun gates() {
        return runFlashmorph(QStringList{"gates", "--steps", "2", "--budget", "1"} + kShared + study_->options());
    }

    std::unique_ptr<TinyStudy> study_;
};

void TestJobEnds::initTestCase() {
    qputenv("OMP_NUM_THREADS", "1");
    study_ = std::make_unique<TinyStudy>();
    const ProgramRun align = runFlashmorph(QStringList{"align", "--steps", "2"} + kShared + study_->options());
    QVERIFY2(align.exit_code == 0, align.err.constData());
}

std::unique_ptr<QProcess> TestJobEnds::startGates(QString& run_id) {
    const QStringList before = study_->runIds();
    auto process = std::make_unique<QProcess>();
    process->start(FM_PROGRAM, QStringList{"gates"} + kLong + study_->options());
    QElapsedTimer clock;
    clock.start();
    while (study_->runIds().size() == before.size() && clock.elapsed() < 30'000) process->waitForFinished(5);
    for (const QString& id : study_->runIds())
        if (!before.contains(id)) run_id = id;
    return process;
}

// No job runs yet that could be asked to stop: `tokenize` waits for its standard input.
void TestJobEnds::terminationBeforeTheJobHasItsCode() {
    for (const int signal : {SIGTERM, SIGHUP}) {
        QProcess process;
        process.start(FM_PROGRAM, {"tokenize", study_->teacher(), "--json"});
        QVERIFY(process.waitForStarted());
        handlesTermination(process);
        signalTo(process, signal);
        QVERIFY(process.waitForFinished(10'000));
        QVERIFY2(process.exitStatus() == QProcess::NormalExit, "the signal has killed it");
        QCOMPARE(process.exitCode(), 130);
    }
}

void TestJobEnds::hangupKeepsEverything() {
    QString run_id;
    const std::unique_ptr<QProcess> process = startGates(run_id);
    QVERIFY(!run_id.isEmpty());
    signalTo(*process, SIGHUP);
    QVERIFY(process->waitForFinished(20'000));
    QVERIFY2(process->exitStatus() == QProcess::NormalExit, "the signal has killed it");
    QCOMPARE(process->exitCode(), 130);
    QVERIFY(RunReader(study_->runPath(run_id.toStdString()).toStdString()).state() == RunState::Cancelled);
}

void TestJobEnds::hangupEndsServePolitely() {
    QProcess process;
    process.start(FM_PROGRAM, {"serve"});
    QVERIFY(process.waitForStarted());
    QVERIFY(handlesTermination(process));
    // The handler that quits is there first; serve's own comes with its first answer.
    process.write(R"({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})"
                  "\n");
    QVERIFY(process.waitForReadyRead(10'000));
    signalTo(process, SIGHUP);
    QVERIFY(process.waitForFinished(10'000));
    QVERIFY2(process.exitStatus() == QProcess::NormalExit, "the signal has killed it");
    QCOMPARE(process.exitCode(), 0);
}

void TestJobEnds::theFileSizeLimitIsExplained() {
    QProcess process;
    process.start(
        "sh", QStringList{"-c", "ulimit -f 40; exec \"$@\"", "sh", FM_PROGRAM, "gates"} + kLong + study_->options());
    QVERIFY(process.waitForFinished(60'000));
    const QByteArray text = process.readAllStandardError();
    QVERIFY2(process.exitStatus() == QProcess::NormalExit, "the signal has killed it");
    QCOMPARE(process.exitCode(), 1);
    QVERIFY2(text.contains("ulimit -f"), text.constData());
    QCOMPARE(QDir(study_->path("runs")).entryList({"*.tmp"}, QDir::Files), QStringList());
}

void TestJobEnds::aDeletedRunFileIsAFailure() {
    QString run_id;
    const QStringList before = study_->runIds();
    QProcess process;
    process.start(FM_PROGRAM, QStringList{"gates", "--steps", "150", "--budget", "1"} + kShared + study_->options());
    while (study_->runIds().size() == before.size() && process.state() != QProcess::NotRunning)
        process.waitForFinished(1);
    for (const QString& id : study_->runIds())
        if (!before.contains(id)) run_id = id;
    QVERIFY(process.state() == QProcess::Running);
    QVERIFY(QFile::remove(study_->runPath(run_id.toStdString())));
    QVERIFY(process.waitForFinished(60'000));
    const QByteArray text = process.readAllStandardError();
    QVERIFY2(process.exitCode() == 1 && text.contains("deleted or replaced"), text.constData());
}

void TestJobEnds::leftoversGoWithTheNextJob() {
    const QString end = ".99999999-0123abcd.tmp";  // above the largest process id of Linux
    const QStringList left = {"study.json" + end, "runs/20260314T150926Z-gates-3fa9c1.h5" + end,
                              "runs/20260314T150926Z-gates-3fa9c1.state.safetensors" + end, "branches/x" + end};
    for (const QString& name : left) {
        QFile file(study_->path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("half") == 4);
    }
    QVERIFY(QDir(study_->path("hybrids")).mkpath("making" + end + "/inner"));
    QVERIFY2(gates().exit_code == 0, "the job failed");
    for (const QString& name : left) QVERIFY2(!QFile::exists(study_->path(name)), qPrintable(name));
    QVERIFY(QDir(study_->path("hybrids")).isEmpty());
}

// Runs made later sort behind, whatever the clock says: names are the order in which "the newest" is looked for.
void TestJobEnds::theNewestRunOutlivesAClockSetBack() {
    const QString ahead = "20990101T000000Z-gates-000000";
    QFile stub(study_->runPath(ahead.toStdString()));
    QVERIFY(stub.open(QIODevice::WriteOnly));
    const ProgramRun first = gates();
    QVERIFY2(first.exit_code == 0, first.err.constData());
    QVERIFY2(first.err.contains(ahead.toUtf8()) && first.err.contains("clock"), first.err.constData());
    const std::string first_id = first.json().at("run").get<std::string>();
    QVERIFY2(first_id > ahead.toStdString(), first_id.c_str());
    QVERIFY(stub.remove());
    const std::string second_id = gates().json().at("run").get<std::string>();
    QVERIFY2(second_id > first_id && isRunId(second_id), second_id.c_str());
    const ProgramRun plan = runFlashmorph({"plan", study_->path(), "--budget", "1", "--json"});
    QVERIFY2(plan.exit_code == 0, plan.err.constData());
    QVERIFY2(plan.out.contains(second_id.c_str()), plan.out.constData());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestJobEnds)
#include "test_job_ends.moc"
