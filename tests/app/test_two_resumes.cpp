// Two processes resume one killed run at the same moment: one goes on, the other is refused at once, and the run ends
// as an undisturbed one does. FM_ATTACK_ROUNDS sets how many times that is tried.
#include <ATen/ATen.h>

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QTest>
#include <csignal>
#include <memory>
#include <thread>

#include "core/store/writer_lock.h"
#include "tests/app/program_runner.h"
#include "tests/app/serve_driver.h"
#include "tests/app/tiny_study.h"
#include "tests/support/attack_rounds.h"

namespace fm::testing {

namespace {

constexpr quint32 kSeed = 20261130;
constexpr int kUsualRounds = 6;

std::unique_ptr<QProcess> start(const QStringList& arguments) {
    auto process = std::make_unique<QProcess>();
    process->start(FM_PROGRAM, arguments);
    return process;
}

}  // namespace

class TestTwoResumes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void oneGoesOnAndTheOtherIsRefused();
    void theWindowsEngineIsRefusedToo();

private:
    QString killedRun();
    void race(const QString& run_id);

    std::unique_ptr<TinyStudy> study_;
    QStringList gates_;
    std::string undisturbed_;
    QRandomGenerator random_{kSeed};
    int refused_as_written_ = 0;
};

void TestTwoResumes::initTestCase() {
    qputenv("OMP_NUM_THREADS", "1");
    study_ = std::make_unique<TinyStudy>();
    const ProgramRun align = runFlashmorph(
        QStringList{"align", "--tasks", "single,copy", "--lengths", "96", "--tokens-per-step", "384", "--steps", "2"} +
        study_->options());
    QVERIFY2(align.exit_code == 0, align.err.constData());
    gates_ = QStringList{"gates",
                         "--tasks",
                         "single,copy",
                         "--lengths",
                         "96",
                         "--steps",
                         "60",
                         "--lr",
                         "0.1",
                         "--budget",
                         "1",
                         "--tokens-per-step",
                         "384",
                         "--checkpoint-every",
                         "4"} +
             study_->options();
    const ProgramRun run = runFlashmorph(gates_);
    QVERIFY2(run.exit_code == 0, run.err.constData());
    undisturbed_ = run.json().at("run").get<std::string>();
}

// The id of a run that was killed while it worked.
QString TestTwoResumes::killedRun() {
    const QStringList before = study_->runIds();
    const std::unique_ptr<QProcess> process = start(gates_);
    QElapsedTimer clock;
    clock.start();
    while (study_->runIds().size() == before.size() && clock.elapsed() < 30'000) process->waitForFinished(5);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.bounded(10, 60)));
    ::kill(static_cast<pid_t>(process->processId()), SIGKILL);
    process->waitForFinished(30'000);
    for (const QString& id : study_->runIds())
        if (!before.contains(id)) return id;
    return {};
}

void TestTwoResumes::race(const QString& run_id) {
    const QStringList resume = QStringList{"gates", "--resume", run_id} + study_->options();
    const std::unique_ptr<QProcess> first = start(resume);
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.bounded(0, 40)));
    const std::unique_ptr<QProcess> second = start(resume);
    QByteArray refusals;
    int went_on = 0;
    for (QProcess* process : {first.get(), second.get()}) {
        QVERIFY(process->waitForFinished(60'000));
        QVERIFY(process->exitStatus() == QProcess::NormalExit);
        went_on += process->exitCode() == 0;
        if (process->exitCode() != 0) refusals += process->readAllStandardError();
    }
    QVERIFY2(went_on == 1, refusals.constData());
    const bool as_written = refusals.contains("stop that job first");
    QVERIFY2(as_written || refusals.contains("this one has finished"), refusals.constData());
    refused_as_written_ += as_written;
}

void TestTwoResumes::oneGoesOnAndTheOtherIsRefused() {
    const RunReader whole(study_->runPath(undisturbed_).toStdString());
    int killed = 0;
    for (int round = 0; round < attackRounds(kUsualRounds); ++round) {
        const QString run_id = killedRun();
        QVERIFY(!run_id.isEmpty());
        const QString path = study_->runPath(run_id.toStdString());
        if (RunReader(path.toStdString()).state() == RunState::Finished) continue;  // it was faster
        ++killed;
        race(run_id);
        if (QTest::currentTestFailed()) return;
        const RunReader reader(path.toStdString());
        QCOMPARE(QString(toString(reader.state())), QString("finished"));
        QCOMPARE(QString::fromStdString(rowDifference(reader, whole, true)), QString());
        const QStringList left = QDir(study_->path("runs")).entryList(QDir::Files | QDir::Hidden);
        for (const QString& name : left) QVERIFY2(name.endsWith(".h5"), qPrintable(name));
    }
    QVERIFY2(killed > attackRounds(kUsualRounds) / 2, "the job ends before it can be killed");
    QVERIFY2(refused_as_written_ > killed / 2, "the second resume came too late to meet the first");
}

// The engine of the window against the command line: the job fails at once with the sentence, the other one goes on.
void TestTwoResumes::theWindowsEngineIsRefusedToo() {
    const QString run_id = killedRun();
    ServeDriver engine({FM_PROGRAM, "serve"});
    engine.initialize();
    engine.ask("study/open", {{"path", study_->path().toStdString()}});
    {
        const WriterLock held_by_another_program(study_->runPath(run_id.toStdString()).toStdString());
        engine.ask("job/start", {{"job", "gates"}, {"resume", run_id.toStdString()}});
        const Json end = engine.untilEnd(run_id.toStdString());
        QCOMPARE(end["state"].get<std::string>(), std::string("failed"));
        QVERIFY2(end["text"].get<std::string>().find("stop that job first") != std::string::npos, end.dump().c_str());
    }
    engine.notes.clear();
    engine.ask("job/start", {{"job", "gates"}, {"resume", run_id.toStdString()}});
    const Json end = engine.untilEnd(run_id.toStdString());
    QVERIFY2(end["state"] == "finished", end.dump().c_str());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestTwoResumes)
#include "test_two_resumes.moc"
