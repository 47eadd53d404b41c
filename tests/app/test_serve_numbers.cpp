// flashmorph serve gives the numbers of the command line, also after kill -9 and behind a wrapper command.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/store/run_reader.h"
#include "tests/app/program_runner.h"
#include "tests/app/serve_driver.h"

namespace fm::testing {

namespace {

constexpr int kSteps = 14;
const QStringList kServe = {FM_PROGRAM, "serve"};
// As over ssh: another process, another folder, none of our environment.
const QStringList kWrapped = {"env", "-i", "OMP_WAIT_POLICY=passive",
                              "sh",  "-c", QString("cd /tmp && exec %1 serve").arg(FM_PROGRAM)};

Json spec() {
    return {{"steps", kSteps},  {"tokens_per_step", 512}, {"tasks", {"mk8q4"}},   {"budget", 3},
            {"probe_every", 7}, {"probe_sequences", 2},   {"checkpoint_every", 4}};
}

}  // namespace

class TestServeNumbers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void serveEqualsTheCommandLine_data();
    void serveEqualsTheCommandLine();
    void probesInBetweenChangeNothing();
    void killedRunsGoOnBitForBit();

private:
    QTemporaryDir folder_;
    std::string reference_;  // run file of the command line
    std::string study(const std::string& name) const {
        return folder_.filePath(QString::fromStdString(name)).toStdString();
    }
    std::string run(ServeDriver& engine, const std::string& name) {
        engine.initialize();
        createTinyStudy(engine, study(name));
        const std::string id = engine.ask("job/start", {{"job", "gates"}, {"spec", spec()}})["run"];
        const Json end = engine.untilEnd(id);
        if (end["state"] != "finished") throw std::runtime_error(end.dump());
        return study(name) + "/runs/" + id + ".h5";
    }
};

void TestServeNumbers::initTestCase() {
    {
        ServeDriver engine(kServe);
        engine.initialize();
        createTinyStudy(engine, study("cli"));
    }
    Json file = spec();
    file["job"] = "gates";
    file["study"] = study("cli");
    QFile out(folder_.filePath("spec.json"));
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(file.dump().c_str());
    out.close();
    const ProgramRun ran = runFlashmorph({"run", out.fileName(), "--json", "--quiet"});
    QVERIFY2(ran.exit_code == 0, ran.err.constData());
    reference_ = study("cli") + "/runs/" + ran.json()["run"].get<std::string>() + ".h5";
    QCOMPARE(RunReader(reference_).rows(0), std::int64_t(kSteps));
}

void TestServeNumbers::serveEqualsTheCommandLine_data() {
    QTest::addColumn<QStringList>("command");
    QTest::newRow("direct") << kServe;
    QTest::newRow("wrapped") << kWrapped;
}

void TestServeNumbers::serveEqualsTheCommandLine() {
    QFETCH(QStringList, command);
    ServeDriver engine(command);
    const std::string file = run(engine, QTest::currentDataTag());
    QCOMPARE(differingColumns(reference_, file), std::vector<std::string>());
    QCOMPARE(RunReader(file).header().spec_json, RunReader(reference_).header().spec_json);
}

// Plans are measured between the micro-batches of a job: neither may feel the other.
void TestServeNumbers::probesInBetweenChangeNothing() {
    ServeDriver engine(kServe);
    engine.initialize();
    createTinyStudy(engine, study("probed"));
    const std::string id = engine.ask("job/start", {{"job", "gates"}, {"spec", spec()}})["run"];
    int measured = 0;
    for (const int row : {2, 5, 9}) {
        engine.until([row](const Json& note) {
            return note["method"] == "event" && note["params"]["type"] == "row_appended" &&
                   note["params"]["row"] == row;
        });
        std::string plan = "FLLLLFLLLLLL";
        plan[static_cast<std::size_t>(row)] = 'F';
        measured += engine.ask("plan/probe", {{"plan", plan}, {"sequences", 2}})["cached"].get<bool>() ? 0 : 1;
    }
    QCOMPARE(measured, 3);
    const Json end = engine.untilEnd(id);
    QVERIFY2(end["state"] == "finished", end.dump().c_str());
    QCOMPARE(differingColumns(reference_, study("probed") + "/runs/" + id + ".h5"), std::vector<std::string>());
}

void TestServeNumbers::killedRunsGoOnBitForBit() {
    std::string id;
    {
        ServeDriver engine(kServe);
        engine.initialize();
        createTinyStudy(engine, study("killed"));
        id = engine.ask("job/start", {{"job", "gates"}, {"spec", spec()}})["run"];
        engine.until([](const Json& note) {
            return note["method"] == "event" && note["params"]["type"] == "row_appended" && note["params"]["row"] == 5;
        });
        engine.kill();
    }
    const std::string file = study("killed") + "/runs/" + id + ".h5";
    QVERIFY(RunReader(file).interrupted());
    ServeDriver engine(kServe);
    engine.initialize();
    engine.ask("study/open", {{"path", study("killed")}});
    QCOMPARE(engine.ask("run/list")["runs"][0]["state"].get<std::string>(), std::string("interrupted"));
    engine.ask("job/start", {{"job", "gates"}, {"resume", id}});
    const Json end = engine.untilEnd(id);
    QVERIFY2(end["state"] == "finished", end.dump().c_str());
    const Json opened = engine.until(
        [](const Json& note) { return note["method"] == "event" && note["params"]["type"] == "run_opened"; });
    QCOMPARE(opened["params"]["rows"][0].get<int>(), 4);  // those that the checkpoint covers
    QCOMPARE(differingColumns(reference_, file), std::vector<std::string>());
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestServeNumbers)
#include "test_serve_numbers.moc"
