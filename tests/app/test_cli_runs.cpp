// flashmorph runs on a study's folder: list, show, import, and files that are no runs.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/run/jsonl_sink.h"
#include "core/store/run_writer.h"
#include "tests/app/program_runner.h"

namespace fm::testing {

namespace {

constexpr const char* kFirst = "20260314T150926Z-gates-3fa9c1";
constexpr const char* kSecond = "20260315T080000Z-align-00ff00";

RunOpened headerOf(const std::string& run_id, const std::string& job) {
    RunOpened header;
    header.run_id = run_id;
    header.job = job;
    header.spec_json = R"({"budget": 8})";
    header.device = "cpu";
    header.tables = {
        {"steps",
         {{"steps/index", CellType::Int64, 1, "", "step"}, {"gates/alpha", CellType::Float32Vector, 3, "1", "gates"}}}};
    return header;
}

void writeRun(EventSink& sink, const std::string& run_id, const std::string& job) {
    std::uint64_t seq = 0;
    sink.post({seq++, 0, headerOf(run_id, job)});
    for (std::int64_t step = 0; step < 5; ++step) {
        const std::vector<float> alpha = {0.5F * static_cast<float>(step), 0, 1};
        sink.post({seq++, 1.0, RowAppended{0, {step, alpha}}});
    }
    sink.post({seq++, 2, StateChanged{RunState::Finished, {}}});
}

}  // namespace

class TestCliRuns : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void listInOrderOfTime();
    void showTellsTheLastValues();
    void importMakesARunFile();
    void damagedFilesDoNotHideTheOthers();

private:
    std::unique_ptr<QTemporaryDir> study_;
    QString file(const QString& name) const { return study_->filePath("runs/" + name); }
};

void TestCliRuns::init() {
    study_ = std::make_unique<QTemporaryDir>();
    QVERIFY(QDir(study_->path()).mkdir("runs"));
    for (const auto& [id, job] : {std::pair{kSecond, "align"}, {kFirst, "gates"}}) {
        const std::unique_ptr<RunWriter> writer = RunWriter::inFolder(study_->filePath("runs").toStdString());
        writeRun(*writer, id, job);
        writer->close();
    }
}

void TestCliRuns::listInOrderOfTime() {
    const ProgramRun run = runFlashmorph({"runs", "list", "--study", study_->path(), "--json"});
    QCOMPARE(run.exit_code, 0);
    const nlohmann::json runs = run.json()["runs"];
    QCOMPARE(runs.size(), std::size_t(2));
    QCOMPARE(runs[0]["id"].get<std::string>(), std::string(kFirst));
    QCOMPARE(runs[1]["job"].get<std::string>(), std::string("align"));
    QCOMPARE(runs[1]["status"].get<std::string>(), std::string("finished"));
    QCOMPARE(runs[1]["rows"].get<int>(), 5);
    const ProgramRun lines = runFlashmorph({"runs", "list", "--study", study_->path()});
    QCOMPARE(lines.out.count('\n'), 2);
    QVERIFY(lines.out.startsWith(kFirst));
}

void TestCliRuns::showTellsTheLastValues() {
    const ProgramRun run = runFlashmorph({"--study", study_->path(), "runs", "show", kFirst, "--json"});
    QCOMPARE(run.exit_code, 0);
    const nlohmann::json json = run.json();
    QCOMPARE(text(json["spec"]), std::string(R"({"budget":8})"));
    QCOMPARE(json["tables"][0]["rows"].get<int>(), 5);
    QCOMPARE(text(json["tables"][0]["columns"][1]["last"]), std::string("[2.0,0.0,1.0]"));
    const ProgramRun by_path = runFlashmorph({"runs", "show", file(QString(kFirst) + ".h5"), "--json"});
    QCOMPARE(text(by_path.json()), text(json));
    QCOMPARE(runFlashmorph({"--study", study_->path(), "runs", "show", "20260314T150926Z-gates-ffffff"}).exit_code, 2);
}

void TestCliRuns::importMakesARunFile() {
    const QTemporaryDir elsewhere;
    const QString lines = elsewhere.filePath("run.jsonl"), more = elsewhere.filePath("more.jsonl");
    const char *third = "20260316T080000Z-distill-0a0b0c", *fourth = "20260316T090000Z-distill-0a0b0c";
    {
        JsonlSink sink(lines.toStdString()), other(more.toStdString());
        writeRun(sink, third, "distill");
        writeRun(other, fourth, "distill");
    }
    // One that is missing is told before any is made.
    const ProgramRun missing = runFlashmorph({"runs", "import", lines, "no.jsonl", "--study", study_->path()});
    QCOMPARE(missing.exit_code, 2);
    QVERIFY(missing.err.contains("no.jsonl") && !QFile::exists(file(QString(third) + ".h5")));
    const ProgramRun run = runFlashmorph({"runs", "import", lines, more, "--study", study_->path(), "--json"});
    QCOMPARE(run.exit_code, 0);
    const nlohmann::json made = {file(QString(third) + ".h5").toStdString(),
                                 file(QString(fourth) + ".h5").toStdString()};
    QCOMPARE(text(run.json()["files"]), made.dump());
    const nlohmann::json imported = runFlashmorph({"--study", study_->path(), "runs", "show", third, "--json"}).json();
    QCOMPARE(text(imported["tables"][0]["columns"][1]["last"]), std::string("[2.0,0.0,1.0]"));
    QCOMPARE(imported["status"].get<std::string>(), std::string("finished"));
    // A second import would make the same file: refused, and the file stays.
    QCOMPARE(runFlashmorph({"runs", "import", lines, "--study", study_->path()}).exit_code, 1);
    QVERIFY(QFile::exists(file(QString(third) + ".h5")));
}

void TestCliRuns::damagedFilesDoNotHideTheOthers() {
    QFile junk(file("20260101T000000Z-gates-000000.h5"));
    QVERIFY(junk.open(QIODevice::WriteOnly));
    junk.write("not a run file");
    junk.close();
    QFile lines(file("20260102T000000Z-gates-000000.jsonl"));
    QVERIFY(lines.open(QIODevice::WriteOnly));
    lines.write("{\"seq\":0}\n");
    lines.close();
    const ProgramRun run = runFlashmorph({"runs", "list", "--study", study_->path(), "--json"});
    QCOMPARE(run.exit_code, 0);
    const nlohmann::json runs = run.json()["runs"];
    QCOMPARE(runs.size(), std::size_t(4));
    QVERIFY(runs[0].contains("error") && runs[1].contains("error"));
    QCOMPARE(runs[3]["rows"].get<int>(), 5);
    QCOMPARE(runFlashmorph({"runs", "show", junk.fileName()}).exit_code, 1);
    QCOMPARE(runFlashmorph({"runs", "import", lines.fileName(), "--study", study_->path()}).exit_code, 1);
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestCliRuns)
#include "test_cli_runs.moc"
