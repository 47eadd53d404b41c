// The window with an engine at the other end: start, watch, pause, step, rewind, change, stop; an engine that dies.
#include <QLabel>
#include <QSignalSpy>
#include <QSlider>
#include <QToolButton>

#include "app/gui/window_toolbar.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/live_settings.h"
#include "widgets/panels/objective_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/status_panel.h"
#include "widgets/panels/step_scrubber.h"

using namespace fm;
using fixture::Window;

namespace {

constexpr int kWaitMs = 10000;

QString engine(const QString& study, const QString& script, int steps) {
    return QString("'%1' --script %2 --steps %3 --runs '%4/runs'").arg(FM_FAKE_ENGINE, script).arg(steps).arg(study);
}

// A window on an empty study with the scripted engine behind it.
struct Live {
    Live(const QString& script, int steps) : w(folder.filePath("settings.ini")) {
        const Study study =
            Study::create(folder.filePath("study").toStdString(), {.name = "live", .teacher_path = "/none"});
        w.bench.openStudy(QString::fromStdString(study.folder()));
        w.bench.engine().start(engine(QString::fromStdString(study.folder()), script, steps));
    }
    RunControls& controls() { return w.window.toolbar().controls(); }
    void click(QToolButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }
    QTemporaryDir folder;
    Window w;
};

}  // namespace

class TestLiveRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    void aRunIsWatchedPausedSteppedRewoundAndStopped() {
        Live live("normal", 400);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        QCOMPARE(live.controls().start().text(), QString("Run it live"));
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > 5, kWaitMs);
        QCOMPARE(bench.plan().numLayers(), 12);
        QCOMPARE(bench.cursor().step(), bench.run().rowsOf("steps") - 1);
        QCOMPARE(bench.selection().run(), bench.run().runId());

        live.click(live.controls().pause());
        QTRY_COMPARE_WITH_TIMEOUT(live.controls().phase(), JobPhase::Paused, kWaitMs);
        const std::int64_t paused_at = bench.run().rowsOf("steps");
        QTest::qWait(200);
        QCOMPARE(bench.run().rowsOf("steps"), paused_at);
        live.click(live.controls().step());
        QTRY_COMPARE_WITH_TIMEOUT(bench.run().rowsOf("steps"), paused_at + 1, kWaitMs);
        QTRY_COMPARE_WITH_TIMEOUT(live.controls().phase(), JobPhase::Paused, kWaitMs);

        // Rewound, new steps move nothing.
        QTest::keyClick(&live.w.window.scrubber().slider(), Qt::Key_Home);
        QCOMPARE(bench.cursor().step(), 0);
        live.click(live.controls().pause());  // resume
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > paused_at + 5, kWaitMs);
        QCOMPARE(bench.cursor().step(), 0);
        QVERIFY(live.w.window.panels().plan->subtitle().contains("step 0"));
        live.click(live.w.window.scrubber().followButton());
        QTRY_COMPARE_WITH_TIMEOUT(bench.cursor().step(), bench.run().rowsOf("steps") - 1, kWaitMs);

        live.click(live.controls().stop());
        QTRY_COMPARE_WITH_TIMEOUT(live.controls().phase(), JobPhase::Idle, kWaitMs);
        QVERIFY(bench.run().state() == RunState::Cancelled);
        QTRY_VERIFY_WITH_TIMEOUT(bench.study().run(bench.run().runId()), kWaitMs);
    }

    void aPinFlipAndUndoDuringARun() {
        Live live("normal", 400);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > 3, kWaitMs);
        PlanStrip& strip = live.w.window.panels().plan->strip();
        const int layer = 7;
        const LayerKind before = bench.plan().kind(layer);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.stripLayout().bar(layer).center().toPoint());
        QTest::keyClick(&strip, Qt::Key_P);
        QVERIFY(bench.plan().pin(layer).has_value());
        const std::int64_t rows = bench.run().rowsOf("steps");
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > rows + 10, kWaitMs);
        QVERIFY(bench.plan().kind(layer) != before);  // gates go on moving, the pin holds
        bench.plan().undoStack().undo();
        bench.plan().undoStack().undo();
        QVERIFY(!bench.plan().pin(layer).has_value());
    }

    void changesAreAcknowledged() {
        Live live("normal", 400);
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(live.w.bench.run().rowsOf("steps") > 3, kWaitMs);
        LiveSettings& settings = live.w.window.panels().objective->settings();
        Q_EMIT settings.changeWanted("lambda", 0.25);
        QTRY_VERIFY_WITH_TIMEOUT(live.w.window.status().text().contains("lambda change takes effect at step"), kWaitMs);
        QTRY_VERIFY_WITH_TIMEOUT(live.w.bench.run().numbers("series/objective/lambda").back() == 0.25, kWaitMs);
    }

    void aPlanAtRestIsProbed() {
        Live live("normal", 30);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().state() == RunState::Finished, kWaitMs);
        bench.plan().setBudget(7);
        QVERIFY(!bench.cost().measured());
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().measured().has_value(), kWaitMs);
        QCOMPARE(bench.cost().measured()->budget, 7);
        QVERIFY(bench.cost().cost().has_value());
    }

    // What was measured of a plan before it was left stays, and the engine goes on from there.
    void aPlanThatIsLeftIsStoppedAndGoesOnLater() {
        Live live("normal", 30);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().state() == RunState::Finished, kWaitMs);
        bench.plan().setBudget(7);
        const std::string left = bench.plan().key();
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().measured().has_value(), kWaitMs);
        const std::int64_t part = bench.cost().measured()->sequences();
        QVERIFY(!bench.cost().isComplete());
        bench.plan().setBudget(5);
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().isComplete(), kWaitMs);
        const MeasuredPlan* kept = bench.cost().measurements().find(left);
        QVERIFY(kept && !kept->complete && kept->sequences() >= part);
        bench.plan().setBudget(7);
        QCOMPARE(bench.cost().measured()->sequences(), kept->sequences());  // at once, and as the part that it is
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().isComplete(), kWaitMs);
        QVERIFY(bench.cost().measured()->measured);
    }

    // "Measure the rest": one plan after another; the plan under the user's hands goes first.
    void theRestIsMeasuredOneAfterAnother() {
        Live live("normal", 30);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().state() == RunState::Finished, kWaitMs);
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().isComplete(), kWaitMs);
        const std::vector<ProbeSubject> rest{{"FFLLLLLLLLLL", ""}, {"LFFLLLLLLLLL", ""}, {"LLFFLLLLLLLL", ""}};
        QSignalSpy left(&bench.prober(), &PlanProber::restChanged);
        bench.prober().measureRest(rest);
        QCOMPARE(left.last().at(0).toInt(), 3);
        bench.plan().setBudget(9);
        const auto isComplete = [&bench](const std::string& key) {
            const MeasuredPlan* found = bench.cost().measurements().find(key);
            return found && found->complete;
        };
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().isComplete(), kWaitMs);
        QVERIFY(!isComplete(rest.back().plan));
        for (const ProbeSubject& subject : rest) QTRY_VERIFY_WITH_TIMEOUT(isComplete(subject.plan), kWaitMs);
        QTRY_COMPARE_WITH_TIMEOUT(left.last().at(0).toInt(), 0, kWaitMs);
    }

    // Dragging the budget brings back a measurement, also while the gates move.
    void aBudgetDraggedDuringARunIsMeasured() {
        Live live("normal", 2000);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > 3, kWaitMs);
        const std::size_t before = bench.cost().measurements().plans.size();
        QTest::qWait(1000);  // nobody edits: plans that follow the gates cost the job nothing
        QCOMPARE(bench.cost().measurements().plans.size(), before);
        BudgetSlider& slider = live.w.window.panels().plan->budget().slider();
        const auto at = [&](int budget) { return QPoint(int(slider.positionOf(budget)), slider.height() / 2); };
        QTest::mousePress(&slider, Qt::LeftButton, {}, at(bench.plan().budget()));
        for (const int budget : {6, 7, 8, 9}) QTest::mouseMove(&slider, at(budget));
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, at(9));
        QTRY_VERIFY_WITH_TIMEOUT(bench.cost().measurements().plans.size() > before, kWaitMs);
        QCOMPARE(bench.cost().measurements().plans.back().budget, 9);
        QCOMPARE(live.controls().phase(), JobPhase::Running);
    }

    void aDeadEngineIsOneSentenceAndResumes() {
        Live live("crash", 60);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(!bench.engine().lostRun().isEmpty(), kWaitMs);
        auto* resume = live.w.window.status().findChild<QToolButton*>("statusResume");
        QVERIFY(resume->isVisible());
        QVERIFY(live.w.window.status().text().contains("Resume continues it"));
        QCOMPARE(live.controls().phase(), JobPhase::NoEngine);
        QVERIFY(live.w.window.problems().rowCount() > 0);
        const std::int64_t kept = bench.run().rowsOf("steps");
        QVERIFY(kept > 0);
        live.click(*resume);
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > kept, kWaitMs);
        QVERIFY(!resume->isVisible());
    }

    void closingDuringARunKeepsIt() {
        Live live("normal", 2000);
        Workbench& bench = live.w.bench;
        QTRY_VERIFY_WITH_TIMEOUT(live.controls().start().isEnabled(), kWaitMs);
        live.click(live.controls().start());
        QTRY_VERIFY_WITH_TIMEOUT(bench.run().rowsOf("steps") > 3, kWaitMs);
        const QString path = bench.source().path();
        live.w.window.close();
        QVERIFY(live.w.window.isVisible());  // until the engine has kept everything
        QTRY_VERIFY_WITH_TIMEOUT(!live.w.window.isVisible(), kWaitMs);
        RunSource kept;
        QVERIFY(kept.openFile(path));
        QVERIFY(kept.data().state() == RunState::Cancelled);
        QVERIFY(kept.data().rowsOf("steps") > 3);
    }
};

QTEST_MAIN(TestLiveRun)
#include "test_live_run.moc"
