// Every job of a study, killed at seeded random moments and stopped by Ctrl-C: study and run file stay readable, no row
// shows that an unbroken run does not have, the run is shown as interrupted, and `--resume` ends bit for bit where an
// unbroken run ends: every column but wall times, and what the job made. FM_ATTACK_ROUNDS is how often each job is
// killed.
#include <ATen/ATen.h>

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QTest>
#include <csignal>
#include <memory>
#include <thread>

#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"
#include "tests/support/attack_rounds.h"

namespace fm::testing {

namespace {

constexpr int kUsualRounds = 2;
constexpr quint32 kSeed = 20261126;

// A job and what it leaves behind.
struct JobCase {
    QString verb;
    QStringList arguments;
    const char* made = "";     // key of the printed JSON that names what was made; "" = only numbers
    bool checkpoints = false;  // goes on in the middle; others begin again
};

const std::vector<JobCase>& jobCases() {
    static const QStringList data = {"--tasks", "single,copy", "--lengths", "96"};
    static const QStringList shared = data + QStringList{"--tokens-per-step", "384"};
    static const QStringList probe = data + QStringList{"--sequences", "6"};
    static const std::vector<JobCase> cases = {
        {"align",
         shared +
             QStringList{"--steps", "24", "--retrieval-share", "0.5", "--eval-every", "5", "--checkpoint-every", "3"},
         "branches", true},
        {"gates",
         shared + QStringList{"--steps", "40", "--budget", "1", "--probe-every", "7", "--probe-sequences", "4",
                              "--checkpoint-every", "4", "--lr", "0.1"},
         "", true},
        {"distill",
         shared + QStringList{"--steps", "20", "--tune-steps", "12", "--layers", "1", "--checkpoint-every", "3"},
         "hybrid", true},
        {"probe", probe + QStringList{"--layers", "1"}},
        {"select", probe + QStringList{"--budgets", "1", "--selectors", "uniform-a,remove-one,random"}},
        {"interact", probe + QStringList{"--layers", "1"}},
        {"judge",
         {"--tasks", "single", "--unseen", "copy", "--lengths", "96", "--sequences", "6", "--subjects", "layers:0 1"}},
        {"eval", data + QStringList{"--layers", "1", "--depths", "3", "--samples", "4"}},
        {"export", {"--layers", "0,1,2", "--dtype", "f32"}, "folder"}};
    return cases;
}

// What an unbroken run gave.
struct Expected {
    std::string run_id;
    nlohmann::json result;
    QByteArray made;
    double job_ms = 0;  // from the opening of the run to its end
};

// Also of the rows inside.
void dropTimes(nlohmann::json& json) {
    if (json.is_object()) json.erase("wall_ms");
    if (json.is_structured())
        for (nlohmann::json& value : json) dropTimes(value);
}

}  // namespace

class TestJobKills : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void killedJobsGoOnExactly_data();
    void killedJobsGoOnExactly();
    void killedWhileItLoads();
    void ctrlCKeepsEverything_data();
    void ctrlCKeepsEverything();
    void finishedRunsAreNotStartedAgain();

private:
    std::unique_ptr<QProcess> start(const QStringList& arguments);
    std::string signalledRun(const JobCase& job, const QStringList& arguments, int signal, double delay_ms,
                             int& exit_code);
    void checkInterrupted(const JobCase& job, const std::string& run_id, RunState state);
    bool hasFinished(const std::string& run_id) const {
        return RunReader(study_->runPath(run_id).toStdString()).state() == RunState::Finished;
    }
    void finish(const JobCase& job, const std::string& run_id);
    QString checkpointPath(const std::string& run_id) const {
        return study_->path("runs/" + QString::fromStdString(run_id) + ".state.safetensors");
    }
    QString madePath(const JobCase& job, const nlohmann::json& result) const;
    QByteArray madeContent(const JobCase& job, const nlohmann::json& result) const;

    std::unique_ptr<TinyStudy> study_;
    std::map<QString, Expected> expected_;
    QRandomGenerator random_{kSeed};
};

QString TestJobKills::madePath(const JobCase& job, const nlohmann::json& result) const {
    if (*job.made == '\0') return {};
    const QString id = QString::fromStdString(result.at(job.made).get<std::string>());
    if (job.verb == "export") return id;  // a path
    return job.verb == "align" ? study_->path("branches/" + id + ".safetensors") : study_->path("hybrids/" + id);
}

QByteArray TestJobKills::madeContent(const JobCase& job, const nlohmann::json& result) const {
    const QString path = madePath(job, result);
    if (path.isEmpty()) return {};
    // The manifest names its run, and the list of checksums has the manifest's.
    return job.verb == "align" ? fileContent(path) : folderContent(path, {"flashmorph.json", "checksums.xxh128"});
}

void TestJobKills::initTestCase() {
    qputenv("OMP_NUM_THREADS", "1");
    study_ = std::make_unique<TinyStudy>();
    for (const JobCase& job : jobCases()) {
        const ProgramRun run = runFlashmorph(QStringList{job.verb} + study_->options() + job.arguments);
        QVERIFY2(run.exit_code == 0, run.err.constData());
        Expected& expected = expected_[job.verb];
        expected.result = run.json();
        expected.run_id = expected.result.at("run").get<std::string>();
        expected.made = madeContent(job, expected.result);
        QVERIFY(*job.made == '\0' || expected.made.size() > 1000);
        const RunReader reader(study_->runPath(expected.run_id).toStdString());
        expected.job_ms = reader.readStates().back().wall_ms;
        QCOMPARE(QString(toString(reader.state())), QString("finished"));
    }
}

std::unique_ptr<QProcess> TestJobKills::start(const QStringList& arguments) {
    auto process = std::make_unique<QProcess>();
    process->setStandardErrorFile(QProcess::nullDevice());
    process->start(FM_PROGRAM, arguments);
    return process;
}

// Signals the job `delay_ms` after its run file has appeared (a resumed one's: has been replaced); the run's id.
std::string TestJobKills::signalledRun(const JobCase& job, const QStringList& arguments, int signal, double delay_ms,
                                       int& exit_code) {
    const QStringList before = study_->runIds();
    const int resume_at = arguments.indexOf("--resume");
    const QString resumed = resume_at < 0 ? QString() : arguments[resume_at + 1];
    const auto stamp = [&] { return QFileInfo(study_->runPath(resumed.toStdString())).lastModified(); };
    const QDateTime old = stamp();
    const std::unique_ptr<QProcess> process = start(QStringList{job.verb} + arguments);
    if (!process->waitForStarted()) return {};
    QElapsedTimer clock;
    clock.start();
    const auto opened = [&] { return resumed.isEmpty() ? study_->runIds().size() > before.size() : stamp() != old; };
    while (!opened() && process->state() == QProcess::Running && clock.elapsed() < 30'000) process->waitForFinished(5);
    std::this_thread::sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(delay_ms * 1000)));
    ::kill(static_cast<pid_t>(process->processId()), signal);
    process->waitForFinished(30'000);
    exit_code = process->exitStatus() == QProcess::NormalExit ? process->exitCode() : -1;
    if (!resumed.isEmpty()) return resumed.toStdString();
    for (const QString& id : study_->runIds())
        if (!before.contains(id)) return id.toStdString();
    return {};
}

// What the file of a broken run must say.
void TestJobKills::checkInterrupted(const JobCase& job, const std::string& run_id, RunState state) {
    const std::string path = study_->runPath(run_id).toStdString();
    const RunReader reader(path);
    if (reader.findTable("steps")) {
        const std::vector<std::int64_t> index = reader.readIntegers("steps/index");
        for (std::size_t i = 0; i < index.size(); ++i) QCOMPARE(index[i], static_cast<std::int64_t>(i));
    }
    Study::open(study_->path().toStdString());  // throws what would fail the test
    const RunReader whole(study_->runPath(expected_[job.verb].run_id).toStdString());
    QCOMPARE(QString::fromStdString(rowDifference(reader, whole, false)), QString());
    const RunSummary summary = summarizeRun(path);
    QCOMPARE(QString::fromStdString(summary.problem), QString());
    QCOMPARE(QString(toString(reader.state())), QString(toString(state)));
    QCOMPARE(summary.interrupted, state == RunState::Running);
}

// Resumes to the end and compares with the unbroken run.
void TestJobKills::finish(const JobCase& job, const std::string& run_id) {
    const Expected& expected = expected_[job.verb];
    const QString made = madePath(job, expected.result);
    const bool has_checkpoint = QFile::exists(checkpointPath(run_id));
    if (job.verb == "align") QVERIFY(QFile::remove(made));
    if (job.verb == "distill" || job.verb == "export") QVERIFY(QDir(made).removeRecursively());
    const ProgramRun run =
        runFlashmorph(QStringList{job.verb, "--resume", QString::fromStdString(run_id)} + study_->options());
    QVERIFY2(run.exit_code == 0, run.err.constData());
    nlohmann::json result = run.json(), unbroken = expected.result;
    QCOMPARE(result.at("run").get<std::string>(), run_id);
    result.erase("run"), unbroken.erase("run");
    dropTimes(result), dropTimes(unbroken);
    QCOMPARE(text(result), text(unbroken));
    QVERIFY(madeContent(job, expected.result) == expected.made);
    const RunReader reader(study_->runPath(run_id).toStdString());
    QCOMPARE(QString(toString(reader.state())), QString("finished"));
    const RunReader whole(study_->runPath(expected.run_id).toStdString());
    QCOMPARE(QString::fromStdString(rowDifference(reader, whole, true)), QString());
    QVERIFY(!QFile::exists(checkpointPath(run_id)));
    // Then it went on, and did not begin again.
    if (has_checkpoint) {
        const std::vector<LogLine> log = reader.readLog();
        QVERIFY(std::any_of(log.begin(), log.end(), [](const LogLine& line) {
            return line.text.find("continues from step") != std::string::npos;
        }));
    }
}

void TestJobKills::killedJobsGoOnExactly_data() {
    QTest::addColumn<int>("job");
    for (std::size_t i = 0; i < jobCases().size(); ++i)
        QTest::newRow(qPrintable(jobCases()[i].verb)) << static_cast<int>(i);
}

// Every third run is killed again while it is resumed.
void TestJobKills::killedJobsGoOnExactly() {
    QFETCH(int, job);
    const JobCase& which = jobCases()[static_cast<std::size_t>(job)];
    const double longest_ms = expected_[which.verb].job_ms;
    const int quota = attackRounds(kUsualRounds);
    int here = 0;
    for (int attempt = 0; here < quota; ++attempt) {
        QVERIFY2(attempt < 10 * quota, "the job ends before it can be killed");
        if (which.verb == "export") QDir(madePath(which, expected_[which.verb].result)).removeRecursively();
        double delay_ms = random_.generateDouble() * longest_ms;
        int exit_code = 0;
        const std::string run_id =
            signalledRun(which, study_->options() + which.arguments, SIGKILL, delay_ms, exit_code);
        QVERIFY(!run_id.empty());
        if (hasFinished(run_id)) continue;  // it was faster
        ++here;
        qInfo("%s killed %.1f ms after its run was opened", qPrintable(which.verb), delay_ms);
        checkInterrupted(which, run_id, RunState::Running);
        if (QTest::currentTestFailed()) return;
        if (here % 3 == 0 && here < quota) {
            delay_ms = random_.generateDouble() * longest_ms / 2;
            const QStringList again = QStringList{"--resume", QString::fromStdString(run_id)} + study_->options();
            signalledRun(which, again, SIGKILL, delay_ms, exit_code);
            if (hasFinished(run_id)) continue;
            ++here;
            qInfo("%s killed again %.1f ms after it went on", qPrintable(which.verb), delay_ms);
            checkInterrupted(which, run_id, RunState::Running);
        }
        finish(which, run_id);
        if (QTest::currentTestFailed()) return;
    }
}

// Before there is a run; afterwards the study is as it was.
void TestJobKills::killedWhileItLoads() {
    const QStringList before = study_->runIds();
    for (int round = 0; round < attackRounds(kUsualRounds); ++round) {
        const JobCase& job = jobCases()[random_.bounded(static_cast<quint32>(jobCases().size()))];
        const std::unique_ptr<QProcess> process = start(QStringList{job.verb} + study_->options() + job.arguments);
        process->waitForFinished(random_.bounded(1, 150));
        process->kill();
        process->waitForFinished(30'000);
        Study::open(study_->path().toStdString());
        for (const QString& id : study_->runIds())
            if (!before.contains(id))
                QVERIFY(summarizeRun(study_->runPath(id.toStdString()).toStdString()).problem.empty());
    }
}

void TestJobKills::ctrlCKeepsEverything_data() {
    QTest::addColumn<int>("job");
    for (std::size_t i = 0; i < jobCases().size(); ++i)
        if (jobCases()[i].checkpoints) QTest::newRow(qPrintable(jobCases()[i].verb)) << static_cast<int>(i);
}

void TestJobKills::ctrlCKeepsEverything() {
    QFETCH(int, job);
    const JobCase& which = jobCases()[static_cast<std::size_t>(job)];
    int exit_code = 0;
    const std::string run_id = signalledRun(which, study_->options() + which.arguments, SIGINT,
                                            expected_[which.verb].job_ms * 0.15, exit_code);
    QCOMPARE(exit_code, 130);
    checkInterrupted(which, run_id, RunState::Cancelled);
    if (QTest::currentTestFailed()) return;
    finish(which, run_id);
}

// The numbers of a finished run are not to be overwritten by mistake.
void TestJobKills::finishedRunsAreNotStartedAgain() {
    const QString id = QString::fromStdString(expected_["gates"].run_id);
    const QByteArray before = fileContent(study_->runPath(id.toStdString()));
    const ProgramRun run = runFlashmorph(QStringList{"gates", "--resume", id} + study_->options());
    QCOMPARE(run.exit_code, 2);
    QCOMPARE(problemFields(run), QStringList{"resume"});
    QVERIFY(fileContent(study_->runPath(id.toStdString())) == before);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestJobKills)
#include "test_job_kills.moc"
