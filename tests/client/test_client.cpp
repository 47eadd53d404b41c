// The window's end of the protocol with an engine that behaves, floods, stalls, babbles, crashes and is too old.
#include <sys/resource.h>

#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "core/store/run_mirror.h"
#include "core/store/run_reader.h"
#include "tests/store/file_difference.h"
#include "widgets/client/engine_client.h"
#include "widgets/client/run_mirrors.h"

namespace fm {

namespace {

constexpr int kWaitMs = 20000;

QString engine(const QString& options = {}) { return QString("'%1' %2").arg(FM_FAKE_ENGINE, options + " --x x"); }

// Collects what a run says.
struct Listener {
    explicit Listener(EngineClient& client) {
        QObject::connect(&client, &EngineClient::eventsReceived, &client,
                         [this](const QString&, const std::vector<rpc::RunNotice>& notices) {
                             ++batches;
                             for (const rpc::RunNotice& notice : notices) take(notice);
                         });
    }
    void take(const rpc::RunNotice& notice) {
        thinned += notice.thinned;
        if (notice.thinned > 0) return;
        if (std::holds_alternative<RunOpened>(notice.event.body)) ++opened;
        if (std::holds_alternative<RowAppended>(notice.event.body)) {
            in_order = in_order && notice.row > last_row;
            last_row = notice.row;
            ++rows;
        }
        if (const StateChanged* changed = std::get_if<StateChanged>(&notice.event.body)) state = changed->state;
    }
    int batches = 0, opened = 0;
    std::int64_t rows = 0, thinned = 0, last_row = -1;
    bool in_order = true;
    std::optional<RunState> state;
};

}  // namespace

class TestClient : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void requestsAreAnswered();
    void errorsComeWithTheirProblems();
    void measurementsArrivePartByPart();
    void runsArriveInBatches();
    void jobsObey();
    void aFloodStallsNobody();
    void aSleepingReaderLosesRowsOnly();
    void aStalledEngineIsVisible();
    void theEngineGivesWay();
    void garbageIsLoggedAndPassedOver();
    void aCrashIsOneSentenceAndTheRunGoesOn();
    void remoteRunsAreMirrored();
    void interruptedRunsAreMirroredAsSuch();
    void refusedRowsAreOneSentenceAndThePartSaysSo();
    void otherVersionsAreRefused();
    void badLocationsAreOneSentence();
    void stopIsPolite();
    void requestsOfTheDeadAreAnswered();

private:
    // Starts an engine and waits until it can be used.
    void ready(EngineClient& client, const QString& command) {
        QSignalSpy spy(&client, &EngineClient::ready);
        client.start(command);
        QTRY_COMPARE_WITH_TIMEOUT(spy.size(), 1, kWaitMs);
    }
    EngineReply ask(EngineClient& client, const std::string& method,
                    const nlohmann::json& params = nlohmann::json::object(), int wait_ms = kWaitMs) {
        EngineReply reply;
        bool answered = false;
        client.request(
            method, params, this,
            [&](const EngineReply& given) {
                reply = given;
                answered = true;
            },
            std::chrono::milliseconds(wait_ms));
        if (!QTest::qWaitFor([&answered] { return answered; }, kWaitMs + wait_ms)) qWarning("no answer");
        return reply;
    }
    std::string startRun(EngineClient& client) {
        return ask(client, "job/start", {{"job", "gates"}}).result.value("run", "");
    }
};

void TestClient::requestsAreAnswered() {
    EngineClient client;
    ready(client, engine());
    QCOMPARE(client.software(), QString("fake engine"));
    QCOMPARE(client.capabilities()["jobs"][0]["name"].get<std::string>(), std::string("gates"));
    const EngineReply cost = ask(client, "plan/cost", {{"plan", "FLFLFLFLFLFL"}});
    QVERIFY(cost.ok());
    QCOMPARE(cost.result["full_layers"].get<int>(), 6);
    bool called = false;
    {
        QObject gone;
        client.request("plan/cost", {{"plan", "FFFFFFFFFFFF"}}, &gone,
                       [&called](const EngineReply&) { called = true; });
    }
    QVERIFY(ask(client, "run/list").ok());
    QVERIFY(!called);  // whoever asked is not there any more
}

void TestClient::errorsComeWithTheirProblems() {
    EngineClient client;
    ready(client, engine());
    const EngineReply reply = ask(client, "job/start", {{"job", "gates"}, {"spec", {{"budget", -3}, {"nothing", 1}}}});
    QVERIFY(!reply.ok());
    QCOMPARE(static_cast<int>(reply.error->code()), -32001);
    QCOMPARE(reply.problems().size(), std::size_t(2));
    QCOMPARE(reply.problems()[0].field, std::string("budget"));
    QVERIFY(!ask(client, "no/such").ok());
}

void TestClient::measurementsArrivePartByPart() {
    EngineClient client;
    ready(client, engine());
    std::vector<std::int64_t> parts;
    connect(&client, &EngineClient::measured, this,
            [&parts](const nlohmann::json& scores) { parts.push_back(scores["sequences"].get<std::int64_t>()); });
    const nlohmann::json plan = {{"plan", "FFFFLLLLLLLL"}};
    const EngineReply whole = ask(client, "plan/measure", plan);
    QVERIFY(whole.ok() && whole.result["complete"].get<bool>());
    QVERIFY(parts.size() >= 3 && std::is_sorted(parts.begin(), parts.end()));
    // One that is stopped answers with what it has; the next goes on there.
    const nlohmann::json other = {{"plan", "LLLLLLLLFFFF"}};
    std::optional<EngineReply> stopped;
    parts.clear();
    client.request("plan/measure", other, this, [&](const EngineReply& reply) { stopped = reply; });
    QTRY_VERIFY_WITH_TIMEOUT(!parts.empty(), kWaitMs);
    QVERIFY(ask(client, "plan/stop").ok());
    QTRY_VERIFY_WITH_TIMEOUT(stopped.has_value(), kWaitMs);
    QVERIFY(stopped->ok() && !stopped->result["complete"].get<bool>());
    QCOMPARE(stopped->result["run"].get<std::string>(), std::string());
    const std::int64_t kept = stopped->result["sequences"].get<std::int64_t>();
    QVERIFY(kept > 0);
    parts.clear();
    QVERIFY(ask(client, "plan/measure", other).result["complete"].get<bool>());
    QVERIFY(parts.empty() || parts.front() > kept);
}

void TestClient::runsArriveInBatches() {
    EngineClient client;
    Listener heard(client);
    QSignalSpy jobs(&client, &EngineClient::jobChanged);
    ready(client, engine("--steps 500 --rate 2000"));
    startRun(client);
    QTRY_COMPARE_WITH_TIMEOUT(heard.state.value_or(RunState::Running), RunState::Finished, kWaitMs);
    QCOMPARE(heard.opened, 1);
    QCOMPARE(heard.rows, std::int64_t(500));
    QVERIFY(heard.in_order && heard.thinned == 0);
    QVERIFY2(heard.batches < 100, std::to_string(heard.batches).c_str());
    QTRY_COMPARE(jobs.size(), 3);  // queued, running, finished
}

void TestClient::jobsObey() {
    EngineClient client;
    Listener heard(client);
    ready(client, engine("--steps 100000 --rate 200"));
    const std::string run = startRun(client);
    QTRY_VERIFY_WITH_TIMEOUT(heard.rows > 5, kWaitMs);
    QVERIFY(ask(client, "job/pause", {{"run", run}}).ok());
    QTRY_COMPARE(heard.state.value_or(RunState::Failed), RunState::Paused);
    const std::int64_t paused_at = heard.rows;
    QVERIFY(ask(client, "job/step", {{"run", run}}).ok());
    QTRY_COMPARE(heard.rows, paused_at + 1);
    QVERIFY(ask(client, "job/resume", {{"run", run}}).ok());
    QTRY_VERIFY(heard.rows > paused_at + 5);
    QVERIFY(ask(client, "job/stop", {{"run", run}}).ok());
    QTRY_COMPARE(heard.state.value_or(RunState::Failed), RunState::Cancelled);
    QVERIFY(!ask(client, "job/stop", {{"run", run}}).ok());
}

// 10 kHz for two seconds: the window's thread is never busy for long, and every row came or is accounted for.
void TestClient::aFloodStallsNobody() {
    EngineClient client;
    Listener heard(client);
    ready(client, engine("--script flood --steps 20000"));
    startRun(client);
    QElapsedTimer since;
    since.start();
    qint64 worst_ms = 0;
    QTimer beat;
    connect(&beat, &QTimer::timeout, this, [&] { worst_ms = std::max(worst_ms, since.restart()); });
    beat.start(1);
    QTRY_COMPARE_WITH_TIMEOUT(heard.state.value_or(RunState::Running), RunState::Finished, kWaitMs);
    QCOMPARE(heard.rows + heard.thinned, std::int64_t(20000));
    QVERIFY(heard.in_order);
    QVERIFY2(worst_ms < 100, std::to_string(worst_ms).c_str());  // 16 ms when nothing else uses the processor
    qInfo("worst stall %lld ms, %lld rows thinned", worst_ms, static_cast<long long>(heard.thinned));
}

// Nobody reads for as long as the run takes: it ends on time, its file is whole, and the reader is told what it missed.
void TestClient::aSleepingReaderLosesRowsOnly() {
    constexpr int steps = 30000;
    const QTemporaryDir folder;
    QProcess process;
    process.start(FM_FAKE_ENGINE, {"--script", "flood", "--steps", QString::number(steps), "--runs", folder.path()});
    process.write((rpc::requestLine(1, "initialize", {{"protocol", 3}, {"client", "t"}}) + "\n").c_str());
    process.write((rpc::requestLine(2, "job/start", {{"job", "gates"}}) + "\n").c_str());
    QVERIFY(process.waitForBytesWritten(kWaitMs));
    const auto finished = [&folder] {
        const QStringList files = QDir(folder.path()).entryList({"*.h5"});
        return !files.isEmpty() && RunReader(folder.filePath(files[0]).toStdString()).state() == RunState::Finished;
    };
    QElapsedTimer timer;
    timer.start();
    while (!finished() && timer.elapsed() < kWaitMs) QThread::msleep(100);
    QVERIFY2(timer.elapsed() < kWaitMs, "a sleeping reader holds the run up");

    std::int64_t rows = 0, thinned = 0, answers = 0;
    bool ended = false;
    while (!ended && (process.canReadLine() || process.waitForReadyRead(kWaitMs))) {
        while (process.canReadLine()) {
            const nlohmann::json message = nlohmann::json::parse(process.readLine().toStdString());
            answers += message.contains("result") ? 1 : 0;
            const nlohmann::json params = message.value("params", nlohmann::json::object());
            const std::string type = params.value("type", "");
            rows += type == "row_appended" ? 1 : 0;
            if (type == "thinned") thinned += params["body"]["dropped"].get<int>();
            ended = ended || (message.value("method", "") == "job" && params["state"] == "finished");
        }
    }
    QVERIFY(ended);
    QCOMPARE(answers, std::int64_t(2));
    QVERIFY2(thinned > steps / 2, std::to_string(thinned).c_str());
    QCOMPARE(rows + thinned, std::int64_t(steps));
    process.kill();
    process.waitForFinished();
}

void TestClient::aStalledEngineIsVisible() {
    EngineClient client;
    ready(client, engine("--script stall"));
    QSignalSpy slow(&client, &EngineClient::slow);
    const EngineReply reply = ask(client, "run/list", nlohmann::json::object(), 200);
    QVERIFY(!reply.ok());
    QVERIFY(reply.sentence().contains("has not answered run/list"));
    QCOMPARE(slow.size(), 1);
    QSignalSpy died(&client, &EngineClient::died);
    client.kill();
    QTRY_COMPARE(died.size(), 1);
}

// Its niceness, in its own words.
void TestClient::theEngineGivesWay() {
    EngineClient client;
    QSignalSpy logged(&client, &EngineClient::logged);
    const int own = getpriority(PRIO_PROCESS, 0);
    if (own >= 5) QSKIP("this test gives way itself");
    ready(client, QString("sh -c 'nice >&2; exec \"%1\"'").arg(FM_FAKE_ENGINE));
    QTRY_VERIFY(!logged.empty());
    QCOMPARE(logged[0][0].toString(), QString("5"));
    QCOMPARE(getpriority(PRIO_PROCESS, 0), own);  // the window does not
}

void TestClient::garbageIsLoggedAndPassedOver() {
    EngineClient client;
    QSignalSpy logged(&client, &EngineClient::logged);
    ready(client, engine("--script garbage"));
    QVERIFY(ask(client, "plan/cost", {{"plan", "FLFLFLFLFLFL"}}).ok());
    int remarks = 0;
    for (const QList<QVariant>& line : logged) remarks += line[0].toString().startsWith("[client]") ? 1 : 0;
    QVERIFY(remarks >= 6);
}

void TestClient::aCrashIsOneSentenceAndTheRunGoesOn() {
    const QTemporaryDir folder;
    const QString command = engine("--script crash --steps 60 --rate 100 --runs " + folder.path());
    EngineClient client;
    Listener heard(client);
    QSignalSpy died(&client, &EngineClient::died);
    ready(client, command);
    const std::string run = startRun(client);
    QTRY_COMPARE_WITH_TIMEOUT(died.size(), 1, kWaitMs);
    QVERIFY(died[0][0].toString().contains("killed or crashed"));
    QVERIFY(died[0][0].toString().contains("safe"));
    QCOMPARE(client.state(), EngineClient::State::Stopped);
    const std::string file = folder.filePath(QString::fromStdString(run) + ".h5").toStdString();
    const std::int64_t kept = RunReader(file).rows(0);
    QVERIFY(RunReader(file).interrupted());

    QSignalSpy again(&client, &EngineClient::ready);
    client.restart();
    QTRY_COMPARE_WITH_TIMEOUT(again.size(), 1, kWaitMs);
    heard.last_row = kept - 1;
    QVERIFY(ask(client, "job/start", {{"job", "gates"}, {"resume", run}}).ok());
    QTRY_COMPARE_WITH_TIMEOUT(heard.state.value_or(RunState::Running), RunState::Finished, kWaitMs);
    QCOMPARE(heard.last_row, std::int64_t(59));
    const RunReader reader(file);
    QCOMPARE(reader.rows(0), std::int64_t(60));
    std::vector<std::int64_t> steps(60);
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<std::int64_t>(i);
    QCOMPARE(reader.readIntegers("steps/index"), steps);
}

// A crash at half of the run, its resumption, and then the whole of it fetched by somebody who was not there.
void TestClient::remoteRunsAreMirrored() {
    const QTemporaryDir there, here, later;
    const QString command = engine("--script crash --steps 3000 --rate 3000 --runs " + there.path());
    EngineClient client;
    RunMirrors mirrors(client, here.filePath("runs"));
    QSignalSpy died(&client, &EngineClient::died), mirrored(&mirrors, &RunMirrors::mirrored);
    ready(client, command);
    const QString run = QString::fromStdString(startRun(client));
    QTRY_COMPARE_WITH_TIMEOUT(died.size(), 1, kWaitMs);
    QTRY_VERIFY(RunReader(mirrors.pathOf(run).toStdString()).interrupted());
    ready(client, command);
    QVERIFY(ask(client, "job/start", {{"job", "gates"}, {"resume", run.toStdString()}}).ok());
    QTRY_COMPARE_WITH_TIMEOUT(mirrored.size(), 1, kWaitMs);

    RunMirrors copies(client, later.filePath("runs"));
    QSignalSpy copied(&copies, &RunMirrors::mirrored);
    const EngineReply list = ask(client, "run/list");
    QCOMPARE(list.result["runs"].size(), std::size_t(1));
    copies.fetchRun(list.result["runs"][0]);
    QTRY_COMPARE_WITH_TIMEOUT(copied.size(), 1, kWaitMs);

    const RunReader original(there.filePath(run + ".h5").toStdString());
    QCOMPARE(original.rows(0), std::int64_t(3000));
    QCOMPARE(original.state(), RunState::Finished);
    for (const QString& path : {mirrors.pathOf(run), copies.pathOf(run)})
        QCOMPARE(testing::fileDifference(RunReader(path.toStdString()), original), std::string());
    // Looked at again, what is the same is left alone.
    const QDateTime written = QFileInfo(copies.pathOf(run)).lastModified();
    copies.fetchRun(list.result["runs"][0]);
    QTest::qWait(300);
    QCOMPARE(QFileInfo(copies.pathOf(run)).lastModified(), written);
}

// A killed engine's run shows as interrupted, whoever looks at it afterwards.
void TestClient::interruptedRunsAreMirroredAsSuch() {
    const QTemporaryDir there, here;
    const QString command = engine("--script crash --steps 400 --rate 2000 --runs " + there.path());
    EngineClient client;
    QSignalSpy died(&client, &EngineClient::died);
    ready(client, command);
    const QString run = QString::fromStdString(startRun(client));
    QTRY_COMPARE_WITH_TIMEOUT(died.size(), 1, kWaitMs);
    ready(client, command);
    RunMirrors copies(client, here.filePath("runs"));
    QSignalSpy copied(&copies, &RunMirrors::mirrored);
    const EngineReply list = ask(client, "run/list");
    copies.fetchRun(list.result["runs"][0]);
    QTRY_COMPARE_WITH_TIMEOUT(copied.size(), 1, kWaitMs);
    const RunReader copy(copies.pathOf(run).toStdString());
    QVERIFY(copy.interrupted());
    QCOMPARE(testing::fileDifference(copy, RunReader(there.filePath(run + ".h5").toStdString())), std::string());
}

// An engine that gives no states: without them a copy would show as live for ever.
void TestClient::refusedRowsAreOneSentenceAndThePartSaysSo() {
    const QTemporaryDir there, here;
    const QString options = "--steps 40 --rate 4000 --runs " + there.path();
    EngineClient client;
    ready(client, engine(options));
    QStringList ended;
    connect(&client, &EngineClient::jobChanged, this, [&ended](const nlohmann::json& job) {
        if (job["state"] == "finished") ended << QString::fromStdString(job["run"]);
    });
    const QStringList runs{QString::fromStdString(startRun(client)), QString::fromStdString(startRun(client))};
    QTRY_COMPARE_WITH_TIMEOUT(ended, runs, kWaitMs);
    ready(client, engine("--script rows-only " + options));
    RunMirrors copies(client, here.filePath("runs"));
    QSignalSpy problems(&copies, &RunMirrors::problem), copied(&copies, &RunMirrors::mirrored);
    const auto lookAgain = [&] {
        const EngineReply list = ask(client, "run/list");
        for (const nlohmann::json& run : list.result["runs"]) copies.fetchRun(run);
    };
    lookAgain();
    for (const QString& run : runs) {
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(copies.pathOf(run)), kWaitMs);
        QVERIFY(isPartialCopy(copies.pathOf(run).toStdString()));
    }
    QTRY_COMPARE_WITH_TIMEOUT(problems.size(), 1, kWaitMs);
    lookAgain();
    QTest::qWait(300);
    QCOMPARE(problems.size(), 1);
    QCOMPARE(copied.size(), 0);
}

void TestClient::otherVersionsAreRefused() {
    EngineClient client;
    QSignalSpy died(&client, &EngineClient::died);
    client.start(engine("--script version"));
    QTRY_COMPARE_WITH_TIMEOUT(died.size(), 1, kWaitMs);
    QVERIFY2(died[0][0].toString().contains("protocol 99"), qPrintable(died[0][0].toString()));
    QTest::qWait(200);
    QCOMPARE(died.size(), 1);
}

void TestClient::badLocationsAreOneSentence() {
    for (const QString& command : {QString("/no/such/program"), QString(""), QString("'unclosed")}) {
        EngineClient client;
        QSignalSpy died(&client, &EngineClient::died);
        client.start(command);
        QTRY_COMPARE_WITH_TIMEOUT(died.size(), 1, kWaitMs);
        QVERIFY2(died[0][0].toString().contains("location"), qPrintable(died[0][0].toString()));
    }
}

void TestClient::stopIsPolite() {
    const QTemporaryDir folder;
    EngineClient client;
    Listener heard(client);
    ready(client, engine("--steps 100000 --rate 100 --runs " + folder.path()));
    const std::string run = startRun(client);
    QTRY_VERIFY_WITH_TIMEOUT(heard.rows > 5, kWaitMs);
    QSignalSpy stopped(&client, &EngineClient::stopped), died(&client, &EngineClient::died);
    client.stop();
    QTRY_COMPARE_WITH_TIMEOUT(stopped.size(), 1, kWaitMs);
    QCOMPARE(died.size(), 0);
    QCOMPARE(heard.state.value_or(RunState::Running), RunState::Cancelled);
    const RunReader reader(folder.filePath(QString::fromStdString(run) + ".h5").toStdString());
    QCOMPARE(reader.state(), RunState::Cancelled);
}

void TestClient::requestsOfTheDeadAreAnswered() {
    EngineClient client;
    QVERIFY(!ask(client, "run/list").ok());  // not started yet
    ready(client, engine("--script stall"));
    bool failed = false;
    client.request("run/list", nlohmann::json::object(), this, [&failed](const EngineReply& r) { failed = !r.ok(); });
    client.kill();
    QTRY_VERIFY(failed);
}

}  // namespace fm

QTEST_GUILESS_MAIN(fm::TestClient)
#include "test_client.moc"
