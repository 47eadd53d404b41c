// flashmorph serve: the conversation. What is refused, and how; two jobs; control; a reader that sleeps.
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/store/run_reader.h"
#include "tests/app/serve_driver.h"

namespace fm::testing {

namespace {

const QStringList kServe = {FM_PROGRAM, "serve"};

// A gate run of a second or two.
Json smallGates(int steps) {
    return {{"steps", steps},       {"tokens_per_step", 512}, {"tasks", {"mk8q4"}},   {"budget", 3},
            {"probe_sequences", 0}, {"swap_refine", false},   {"checkpoint_every", 4}};
}

std::string stateOf(const Json& note, const std::string& run) {
    if (note["method"] != "event" || note["params"]["run"] != run || note["params"]["type"] != "state_changed")
        return {};
    return note["params"]["body"]["state"].get<std::string>();
}

// A step of a gate run: the run tells other rows too.
bool isRow(const Json& note, const std::string& run) {
    return note["method"] == "event" && note["params"]["run"] == run && note["params"]["type"] == "row_appended" &&
           note["params"]["body"]["table"] == 0;
}

}  // namespace

class TestServe : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wrongMessagesNeverEndTheEngine();
    void theEndOfInputIsAShutdown();
    void nothingHappensWithoutAStudy();
    void wrongSpecsNameEveryProblem();
    void jobsQueueAndObey();
    void probesAreAnsweredInsideAJob();
    void aSleepingReaderHoldsNobodyUp();
    void shutdownKeepsWhatRuns();

private:
    QTemporaryDir folder_;
    std::string study(const char* name) const { return folder_.filePath(name).toStdString(); }
};

void TestServe::wrongMessagesNeverEndTheEngine() {
    ServeDriver engine(kServe);
    QCOMPARE(engine.codeOf("job/list"), -32003);
    engine.write("this is no JSON\n");
    QCOMPARE(engine.next()["error"]["code"].get<int>(), -32700);
    engine.write("[1, 2]\n{\"jsonrpc\": \"2.0\", \"id\": {}, \"method\": \"x\"}\n");
    QCOMPARE(engine.next()["error"]["code"].get<int>(), -32600);
    QCOMPARE(engine.next()["error"]["code"].get<int>(), -32600);
    engine.write(std::string((16 << 20) + 5, 'x') + "\n");
    QCOMPARE(engine.next()["error"]["code"].get<int>(), -32004);
    QCOMPARE(engine.codeOf("initialize", {{"protocol", 1}, {"client", "test"}}), -32007);
    engine.initialize();
    QCOMPARE(engine.codeOf("initialize", {{"protocol", 3}, {"client", "test"}}), -32005);
    QCOMPARE(engine.codeOf("no/such"), -32601);
    QCOMPARE(engine.codeOf("job/pause", {{"run", 5}}), -32602);
    QCOMPARE(engine.codeOf("model/inspect", {{"path", "/no/such/model"}}), -32001);
    QCOMPARE(engine.ask("job/list")["jobs"].size(), std::size_t(0));
    QCOMPARE(engine.shutdown(), 0);
}

void TestServe::theEndOfInputIsAShutdown() {
    ServeDriver engine(kServe);
    engine.initialize();
    QCOMPARE(engine.closeInput(), 0);
}

void TestServe::nothingHappensWithoutAStudy() {
    ServeDriver engine(kServe);
    engine.initialize();
    QCOMPARE(engine.codeOf("run/list"), -32005);
    QCOMPARE(engine.codeOf("plan/cost", {{"plan", "FL"}}), -32005);
    QCOMPARE(engine.codeOf("plan/probe", {{"plan", "FL"}}), -32005);
    QCOMPARE(engine.codeOf("job/start", {{"job", "gates"}}), -32005);
    QCOMPARE(engine.codeOf("job/stop", {{"run", "20260314T150926Z-gates-3fa9c1"}}), -32005);
    QCOMPARE(engine.codeOf("study/open", {{"path", study("missing")}}), -32002);
}

void TestServe::wrongSpecsNameEveryProblem() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("specs"));
    const Json spec = {{"budget", -1}, {"lr", "fast"}, {"nothing", 1}};
    const Json validated = engine.ask("spec/validate", {{"job", "gates"}, {"spec", spec}});
    QCOMPARE(validated["problems"].size(), std::size_t(3));
    QCOMPARE(validated["spec"]["budget"].get<int>(), 4);  // the default stands where the given value cannot
    const Json error = engine.call("job/start", {{"job", "gates"}, {"spec", spec}})["error"];
    QCOMPARE(error["code"].get<int>(), -32001);
    QCOMPARE(error["data"]["problems"].size(), std::size_t(3));
    QCOMPARE(engine.codeOf("job/start", {{"job", "gate"}}), -32001);
    QCOMPARE(engine.codeOf("job/start", {{"job", "gates"}, {"resume", "../../etc"}}), -32001);
    QCOMPARE(engine.codeOf("plan/cost", {{"plan", "FLF"}}), -32001);
    QCOMPARE(engine.codeOf("plan/probe", Json::object()), -32001);
    // What is only found out while the job starts is told as the job's end.
    const std::string run = engine.ask("job/start", {{"job", "gates"}, {"spec", {{"branches", "none such"}}}})["run"];
    const Json end = engine.untilEnd(run);
    QCOMPARE(end["state"].get<std::string>(), std::string("failed"));
    QCOMPARE(end["problems"][0]["field"].get<std::string>(), std::string("branches"));
}

void TestServe::jobsQueueAndObey() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("queue"));
    const std::string first = engine.ask("job/start", {{"job", "gates"}, {"spec", smallGates(100000)}})["run"];
    const std::string second = engine.ask("job/start", {{"job", "gates"}, {"spec", smallGates(3)}})["run"];
    const std::string third = engine.ask("job/start", {{"job", "gates"}, {"spec", smallGates(3)}})["run"];
    engine.until([&](const Json& note) { return isRow(note, first); });
    QCOMPARE(engine.ask("job/list")["jobs"][1]["state"].get<std::string>(), std::string("queued"));
    QCOMPARE(engine.codeOf("job/pause", {{"run", second}}), -32005);
    QCOMPARE(engine.codeOf("study/create", {{"path", study("other")}, {"teacher", "x"}}), -32005);

    engine.ask("job/pause", {{"run", first}});
    engine.until([&](const Json& note) { return stateOf(note, first) == "paused"; });
    engine.notes.clear();
    engine.ask("job/set", {{"run", first}, {"field", "lambda"}, {"value", 0.25}});
    engine.ask("job/step", {{"run", first}});
    engine.until([&](const Json& note) { return stateOf(note, first) == "paused"; });
    const auto rows =
        std::count_if(engine.notes.begin(), engine.notes.end(), [&](const Json& note) { return isRow(note, first); });
    QCOMPARE(rows, std::ptrdiff_t(1));
    const bool recorded = std::any_of(engine.notes.begin(), engine.notes.end(), [](const Json& note) {
        return note["params"].value("type", "") == "logged" &&
               note["params"]["body"]["text"].get<std::string>().find("lambda = 0.25") != std::string::npos;
    });
    QVERIFY(recorded);
    QCOMPARE(engine.codeOf("job/set", {{"run", first}, {"field", "lambda"}, {"value", -1}}), -32001);
    QCOMPARE(engine.codeOf("job/set", {{"run", first}, {"field", "steps"}, {"value", 5}}), -32001);

    QCOMPARE(engine.ask("job/stop", {{"run", third}})["state"].get<std::string>(), std::string("cancelled"));
    engine.ask("job/stop", {{"run", first}});
    QCOMPARE(engine.untilEnd(first)["state"].get<std::string>(), std::string("cancelled"));
    QCOMPARE(engine.untilEnd(second)["state"].get<std::string>(), std::string("finished"));
    QCOMPARE(engine.codeOf("job/pause", {{"run", first}}), -32005);
    QCOMPARE(engine.ask("run/list")["runs"].size(), std::size_t(2));  // the third never began
    QCOMPARE(engine.shutdown(), 0);
}

void TestServe::probesAreAnsweredInsideAJob() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("probe"));
    const Json alone = engine.ask("plan/probe", {{"plan", "FLLLLFLLLLLF"}, {"sequences", 4}});
    QVERIFY(!alone["cached"].get<bool>());
    const std::string run = engine.ask("job/start", {{"job", "gates"}, {"spec", smallGates(100000)}})["run"];
    engine.until([&](const Json& note) { return isRow(note, run); });
    const Json inside = engine.ask("plan/probe", {{"plan", "FLLLLFLLLLLL"}, {"sequences", 4}});
    QVERIFY(!inside["cached"].get<bool>());
    QVERIFY(engine.ask("plan/probe", {{"plan", "FLLLLFLLLLLF"}, {"sequences", 4}})["cached"].get<bool>());
    // The same questions without a job in between.
    ServeDriver other(kServe);
    other.initialize();
    createTinyStudy(other, study("probe2"));
    const Json again = other.ask("plan/probe", {{"plan", "FLLLLFLLLLLL"}, {"sequences", 4}});
    QCOMPARE(again["answer_kl"].get<double>(), inside["answer_kl"].get<double>());
    QVERIFY(alone["answer_kl"].get<double>() < inside["answer_kl"].get<double>());
}

// Nobody reads while the job runs; its file is complete all the same.
void TestServe::aSleepingReaderHoldsNobodyUp() {
    constexpr int steps = 150;  // some 200 KB of rows: three times what the pipe holds
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("sleep"));
    Json spec = smallGates(steps);
    spec["tokens_per_step"] = 256;
    const std::string run = engine.ask("job/start", {{"job", "gates"}, {"spec", spec}})["run"];
    const std::string file = study("sleep") + "/runs/" + run + ".h5";
    QElapsedTimer timer;
    timer.start();
    std::int64_t rows = 0;
    while (rows < steps && timer.elapsed() < 80000) {
        engine.sleepWithoutReading(200);
        if (QFile::exists(QString::fromStdString(file))) rows = RunReader(file).rows(0);
    }
    QCOMPARE(rows, std::int64_t(steps));
    QCOMPARE(engine.untilEnd(run)["state"].get<std::string>(), std::string("finished"));
    const auto heard =
        std::count_if(engine.notes.begin(), engine.notes.end(), [&](const Json& note) { return isRow(note, run); });
    QCOMPARE(heard, std::ptrdiff_t(steps));  // fewer rows than the outbox holds: none was lost
}

void TestServe::shutdownKeepsWhatRuns() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("keep"));
    const std::string run = engine.ask("job/start", {{"job", "gates"}, {"spec", smallGates(100000)}})["run"];
    engine.until([&](const Json& note) { return isRow(note, run); });
    QCOMPARE(engine.shutdown(), 0);
    const RunReader reader(study("keep") + "/runs/" + run + ".h5");
    QCOMPARE(reader.state(), RunState::Cancelled);
    QVERIFY(reader.rows(0) >= 1);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestServe)
#include "test_serve.moc"
