// The study as lists show it: runs come, grow, fail, carry labels.
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/state/gate_run_fixture.h"
#include "widgets/state/study_state.h"

using namespace fm;

namespace {

Study makeStudy(const QTemporaryDir& folder) {
    return Study::create(folder.filePath("study").toStdString(), {.name = "test", .teacher_path = "/nowhere"});
}

}  // namespace

class TestStudyState : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void listsRunsWithTheirFigures() {
        QTemporaryDir folder;
        const Study study = makeStudy(folder);
        {
            fixture::Writer writer(study.runsFolder(), fixture::gateHeader(6));
            writer.row(0, fixture::gateStep(0, 6));
            writer.row(1, fixture::probe("FFLLLL", 0.25, 0.75));
            writer.finish();
        }
        StudyState state;
        QSignalSpy changed(&state, &StudyState::runsChanged), measured(&state, &StudyState::measurementsChanged);
        QVERIFY(state.open(folder.filePath("study")));
        QCOMPARE(state.name(), QString("test"));
        QTRY_COMPARE(state.runs().size(), std::size_t{1});
        const RunEntry& run = state.runs()[0];
        QCOMPARE(run.figures.budget.value(), 2);
        QVERIFY(!run.figures.recall.known());  // what chose the plan does not measure it
        QVERIFY(run.started.isValid() && qAbs(run.started.secsTo(QDateTime::currentDateTimeUtc())) < 60);
        QVERIFY(!run.live);
        QTRY_COMPARE(measured.count(), 1);
        QVERIFY(state.measurements().plans.empty());
        QCOMPARE(state.measurements().chosen.size(), std::size_t{1});
        QCOMPARE(state.newestRun("gates"), QString::fromStdString(run.summary.run_id));
        QVERIFY(state.newestRun("align").isEmpty());
        // Looking again without anything new says nothing.
        QTRY_VERIFY(!state.loading());
        const int told = static_cast<int>(changed.count());
        state.refresh();
        QTRY_VERIFY(!state.loading());
        QCOMPARE(changed.count(), told);
    }

    void seesNewRunsAndDamagedOnes() {
        QTemporaryDir folder;
        const Study study = makeStudy(folder);
        StudyState state;
        QVERIFY(state.open(folder.filePath("study")));
        fixture::Writer writer(study.runsFolder(), fixture::gateHeader(6));
        writer.row(0, fixture::gateStep(0, 6));
        writer.flush();
        QFile damaged(QString::fromStdString(study.runsFolder() + "/20260314T150926Z-gates-3fa9c1.h5"));
        QVERIFY(damaged.open(QIODevice::WriteOnly));
        damaged.write("nothing");
        damaged.close();
        state.refresh();
        QTRY_COMPARE(state.runs().size(), std::size_t{2});
        const RunEntry* bad = state.run("20260314T150926Z-gates-3fa9c1");
        QVERIFY(bad && !bad->summary.problem.empty());
        const QString live = state.newestRun("gates");
        QVERIFY(state.run(live)->live);
        writer.finish();
        state.refresh();
        QTRY_VERIFY(state.run(live) && state.run(live)->summary.state == RunState::Finished);
    }

    void keepsLabels() {
        QTemporaryDir folder;
        const Study study = makeStudy(folder);
        std::string id;
        {
            const RunOpened header = fixture::gateHeader(6);
            id = header.run_id;
            fixture::Writer writer(study.runsFolder(), header);
            writer.finish();
        }
        StudyState state;
        state.open(folder.filePath("study"));
        QTRY_COMPARE(state.runs().size(), std::size_t{1});
        state.setLabel(QString::fromStdString(id), {.name = "best", .notes = "keep", .tags = {"paper"}});
        QCOMPARE(QString::fromStdString(state.runs()[0].label.name), QString("best"));
        StudyState again;
        again.open(folder.filePath("study"));
        QTRY_COMPARE(again.runs().size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(again.runs()[0].label.tags.at(0)), QString("paper"));
    }

    void saysWhyAFolderIsNoStudy() {
        QTemporaryDir folder;
        StudyState state;
        QSignalSpy problems(&state, &StudyState::problemRaised);
        QVERIFY(!state.open(folder.path()));
        QVERIFY(state.problem().contains(folder.path()));
        QCOMPARE(problems.count(), 1);
        QVERIFY(!state.isOpen());
    }
};

QTEST_GUILESS_MAIN(TestStudyState)
#include "test_study_state.moc"
