// Step cursor, selection, and the join of run, cursor and plan.
#include <QSignalSpy>
#include <QTest>

#include "tests/state/gate_run_fixture.h"
#include "widgets/state/gate_confidence.h"
#include "widgets/state/plan_follow.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"

using namespace fm;

class TestCursorSelection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void newStepsMoveOnlyAFollowingCursor() {
        StepCursor cursor;
        cursor.reset(10, 100);
        QCOMPARE(cursor.step(), 9);
        cursor.setCount(12);
        QCOMPARE(cursor.step(), 11);
        cursor.setStep(4);
        QVERIFY(!cursor.followLast());
        cursor.setCount(50);
        QCOMPARE(cursor.step(), 4);
        QCOMPARE(cursor.total(), 100);
        cursor.move(-9);
        QCOMPARE(cursor.step(), 0);
        cursor.setFollowLast(true);
        QCOMPARE(cursor.step(), 49);
        cursor.setCount(120);
        QCOMPARE(cursor.total(), 120);
        cursor.setCount(0);  // resumed from the start
        QCOMPARE(cursor.step(), -1);
        cursor.setStep(5);
        QCOMPARE(cursor.step(), -1);
    }

    void selectionTellsOnlyChanges() {
        Selection selection;
        QSignalSpy layers(&selection, &Selection::layersChanged), runs(&selection, &Selection::runChanged);
        selection.setLayers({3, 5});
        selection.setLayers({3, 5});
        QCOMPARE(layers.count(), 1);
        QCOMPARE(selection.currentLayer(), 3);
        selection.setLayers({3, 5}, 5);
        QCOMPARE(layers.count(), 2);
        selection.setRun("a");
        selection.setRun("a");
        QCOMPARE(runs.count(), 1);
    }

    void planFollowsTheShownStep() {
        RunData run;
        StepCursor cursor;
        PlanState plan;
        const PlanFollow follow(run, cursor, plan);
        run.reset(fixture::gateHeader(6));
        QCOMPARE(plan.numLayers(), 6);
        QCOMPARE(plan.budget(), 2);
        for (int step = 0; step < 4; ++step) run.append(0, fixture::gateStep(step, 6));
        run.announce();
        QCOMPARE(cursor.step(), 3);
        QCOMPARE(cursor.total(), 20);
        QCOMPARE(plan.ranking().score[5], double(fixture::meanOf(5, 6, 3)));
        cursor.setStep(1);
        QCOMPARE(plan.ranking().score[5], double(fixture::meanOf(5, 6, 1)));
        // The end of a finished run shows the plan after its swaps.
        cursor.last();
        run.append(1, fixture::probe("LLFFLL", 0.1, 0.9));
        run.setState(RunState::Finished, {});
        QCOMPARE(QString::fromStdString(plan.key()), QString("LLFFLL"));
        cursor.setStep(2);
        QCOMPARE(QString::fromStdString(plan.key()), QString("FFLLLL"));
    }

    void editsSurviveAnotherRunOfTheSameTeacher() {
        RunData run;
        StepCursor cursor;
        PlanState plan;
        const PlanFollow follow(run, cursor, plan);
        run.reset(fixture::gateHeader(6));
        plan.togglePins({5});
        run.reset(fixture::gateHeader(6, R"({"budget":4})"));
        QVERIFY(plan.pin(5) == LayerKind::Linear);
        QCOMPARE(plan.budget(), 2);
        run.reset(fixture::gateHeader(8, R"({"budget":4})"));
        QVERIFY(!plan.pin(5));
        QCOMPARE(plan.budget(), 4);
    }

    void confidenceIsDistanceAgainstMovement() {
        const std::vector<double> score{0.9, 0.52, 0.48, 0.1}, spread{0.1, 0.05, 0.05, 0.05};
        const Plan plan = Plan::fromFullLayers(4, {0, 1});
        const CutConfidence confidence = cutConfidence(score, spread, plan);
        QVERIFY(confidence.exists);
        QCOMPARE(confidence.cut, 0.5);
        QVERIFY(qAbs(confidence.margin - 0.04) < 1e-12);
        QVERIFY(confidence.layers[0].sure() && !confidence.layers[1].sure());
        QVERIFY(!confidence.layers[2].sure() && confidence.layers[3].sure());
        QCOMPARE(confidence.sureFullLayers(plan), 1);
        // All or none: no cut. A layer kept against its gate has no distance.
        QVERIFY(!cutConfidence(score, spread, Plan::fromFullLayers(4, {})).exists);
        const CutConfidence against = cutConfidence(score, spread, Plan::fromFullLayers(4, {0, 3}));
        QCOMPARE(against.layers[3].distance, 0.0);
        QVERIFY(against.margin < 0);
    }

    void spreadIsTheStandardDeviationOfTheLastSteps() {
        RunData run;
        run.reset(fixture::gateHeader(1));
        for (int step = 0; step < 100; ++step) {
            Row row = fixture::gateStep(step, 1);
            row[13] = std::vector<float>{step < 80 ? 1.0f : (step % 2 ? 0.4f : 0.6f)};
            run.append(0, row);
        }
        QCOMPARE(spreadWindow(100), 20);
        QVERIFY(qAbs(gateSpread(run, 99)[0] - 0.1) < 1e-6);
        QCOMPARE(gateSpread(run, 50)[0], 0.0);
        QVERIFY(gateSpread(run, -1).empty());
    }
};

QTEST_GUILESS_MAIN(TestCursorSelection)
#include "test_cursor_selection.moc"
