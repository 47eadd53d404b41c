// `gates --mode paper` on the shipped teacher, whose context of 512 tokens the published passkeys do not fit.
#include <ATen/ATen.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/store/run_reader.h"
#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/support/built_in_model.h"

namespace fm::testing {

using Json = nlohmann::json;

class TestPaperRun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void runsOnTheShippedTeacher();
    void theUsersLengthsAndTasksStay();

private:
    // The run that `gates --mode paper` with these options has left.
    std::unique_ptr<RunReader> gates(const QStringList& options);
    QTemporaryDir folder_;
};

// A study with the shipped branch set.
void TestPaperRun::initTestCase() {
    QVERIFY(writeShortText(folder_.filePath("text.txt"), 60'000));
    const std::string study = folder_.filePath("study").toStdString();
    StudyInfo info;
    info.teacher_path = builtInModel();
    info.teacher_hash = Checkpoint::open(builtInModel())->contentHash();
    info.text_path = folder_.filePath("text.txt").toStdString();
    Study made = Study::create(study, info);
    const std::string id = loadBuiltInBranches(loadBuiltIn()).id, path = "branches/" + id + ".safetensors";
    QVERIFY(QFile::copy(QString::fromStdString(builtInModel()) + "/branches.safetensors",
                        QString::fromStdString(study + "/" + path)));
    made.update([&](StudyInfo& i) { i.artifacts[id] = {ArtifactKind::BranchSet, path, "", {i.teacher_hash}}; });
}

std::unique_ptr<RunReader> TestPaperRun::gates(const QStringList& options) {
    const QString study = folder_.filePath("study");
    const ProgramRun run = runFlashmorph(QStringList{"--study", study, "--json", "--quiet", "--device", "cpu", "gates",
                                                     "--mode", "paper", "--probe-sequences", "1"} +
                                         options);
    if (run.exit_code != 0) qWarning("%s", run.err.constData());
    if (run.exit_code != 0) return nullptr;
    return std::make_unique<RunReader>(study.toStdString() + "/runs/" + run.json()["run"].get<std::string>() + ".h5");
}

void TestPaperRun::runsOnTheShippedTeacher() {
    const std::unique_ptr<RunReader> run = gates({"--steps", "3"});
    QVERIFY(run);
    QCOMPARE(run->state(), RunState::Finished);
    const std::vector<std::int64_t> tokens = run->readIntegers("steps/tokens");
    QCOMPARE(tokens.size(), std::size_t{3});
    QVERIFY(tokens[2] > 3 * 480 && tokens[2] <= 3 * 512);  // one sequence a step; text fills it to the word
    const Json spec = Json::parse(run->header().spec_json);
    QCOMPARE(spec["lengths"].get<std::vector<int>>(), std::vector<int>{512});
    QCOMPARE(spec["steps"].get<int>(), 3);
    const std::string task = spec["tasks"].at(0).get<std::string>();
    QVERIFY2(task.starts_with("passkey") && task.find('x') != std::string::npos, task.c_str());
    QString log;
    for (const LogLine& line : run->readLog()) log += QString::fromStdString(line.text) + "\n";
    QVERIFY2(log.contains("paper mode: the passkeys are") && log.contains("the teacher's context of 512 tokens"),
             qPrintable(log));
    QVERIFY2(log.contains("contexts have 512 tokens") && !log.contains("20M"), qPrintable(log));
}

void TestPaperRun::theUsersLengthsAndTasksStay() {
    const std::unique_ptr<RunReader> run =
        gates({"--steps", "2", "--lengths", "256", "--tasks", "mk8q4", "--tokens-per-step", "512"});
    QVERIFY(run);
    const Json spec = Json::parse(run->header().spec_json);
    QCOMPARE(spec["tasks"].get<std::vector<std::string>>(), std::vector<std::string>{"mk8q4"});
    QCOMPARE(spec["lengths"].get<std::vector<int>>(), std::vector<int>{256});
    QCOMPARE(run->readIntegers("steps/tokens"), (std::vector<std::int64_t>{512, 1024}));
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestPaperRun)
#include "test_paper_run.moc"
