// Several programs on one study at the same moment: every job comes to its end and study.json names all they made.
#include <ATen/ATen.h>

#include <QProcess>
#include <QTest>

#include <memory>
#include <vector>

#include "core/store/study.h"
#include "tests/app/program_runner.h"
#include "tests/app/tiny_study.h"

namespace fm::testing {

class TestManyEngines : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void differentJobsAtOnce();
};

void TestManyEngines::differentJobsAtOnce() {
    const TinyStudy study;
    const QStringList data = {"--tasks", "single", "--lengths", "96"};
    const QStringList steps = {"--steps", "3", "--tokens-per-step", "192"};
    const ProgramRun first = runFlashmorph(study.options() + QStringList{"align"} + steps + data);
    QVERIFY2(first.exit_code == 0, first.err.constData());
    const std::vector<QStringList> jobs = {
        QStringList{"align", "--seed", "2"} + steps + data,
        QStringList{"gates", "--budget", "1", "--probe-sequences", "2"} + steps + data,
        QStringList{"select", "--budgets", "1", "--sequences", "2"} + data,
        QStringList{"distill", "--layers", "1"} + steps + data,
        QStringList{"export", "--layers", "0"},
        QStringList{"export", "--layers", "1", "--dtype", "f32"}};
    std::vector<std::unique_ptr<QProcess>> engines;
    for (const QStringList& job : jobs) {
        engines.push_back(std::make_unique<QProcess>());
        engines.back()->start(FM_PROGRAM, study.options() + job);
    }
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        QVERIFY(engines[i]->waitForFinished(120000));
        QVERIFY2(engines[i]->exitCode() == 0, engines[i]->readAllStandardError().constData());
    }
    const Study after = Study::open(study.path().toStdString());
    std::map<ArtifactKind, int> made;
    for (const auto& [id, artifact] : after.info().artifacts) ++made[artifact.kind];
    QCOMPARE(made[ArtifactKind::BranchSet], 2);
    QCOMPARE(made[ArtifactKind::Hybrid], 1);
    QCOMPARE(made[ArtifactKind::Export], 2);
    QCOMPARE(after.runPaths().size(), jobs.size() + 1);
    for (const RunSummary& run : after.listRuns()) {
        QVERIFY2(run.problem.empty(), run.problem.c_str());
        QVERIFY(run.state == RunState::Finished);
    }
}

}  // namespace fm::testing

QTEST_GUILESS_MAIN(fm::testing::TestManyEngines)
#include "test_many_engines.moc"
