// The plan under the user's hands: ranking, budget, pins, flips, undo.
#include <QSignalSpy>
#include <QTest>

#include "widgets/state/plan_state.h"

using fm::LayerKind;
using fm::Plan;
using fm::PlanState;

namespace {

// Layers ranked 3, 1, 4, 0, 2, 5.
const fm::LayerRanking kRanking{{0.4, 0.8, 0.3, 0.9, 0.6, 0.1}, {}, {}};

QString key(const PlanState& state) { return QString::fromStdString(state.key()); }
QString lastName(PlanState& state) { return state.undoStack().undoText(); }

}  // namespace

class TestPlanState : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsTheHighestGates() {
        PlanState state;
        state.reset(6, 2);
        QCOMPARE(state.budget(), 2);
        state.setRanking(kRanking);
        QCOMPARE(key(state), QString("LFLFLL"));
        state.setBudget(3);
        QCOMPARE(key(state), QString("LFLFFL"));
        QCOMPARE(QString::fromStdString(state.planAt(4).key()), QString("FFLFFL"));
        QCOMPARE(key(state), QString("LFLFFL"));
    }

    void budgetStaysWithinThePins() {
        PlanState state;
        state.reset(6, 2);
        state.setRanking(kRanking);
        state.togglePins({3, 1});  // full
        state.togglePins({5});     // linear
        QCOMPARE(state.minBudget(), 2);
        QCOMPARE(state.maxBudget(), 5);
        state.setBudget(0);
        QCOMPARE(state.budget(), 2);
        state.setBudget(6);
        QCOMPARE(state.budget(), 5);
        QVERIFY(state.kind(5) == LayerKind::Linear);
    }

    void pinsSurviveBudgetChangesAndFlipsDoNot() {
        PlanState state;
        state.reset(6, 3);
        state.setRanking(kRanking);
        state.flip(2);  // full by hand: K = 4
        QCOMPARE(state.budget(), 4);
        QCOMPARE(key(state), QString("LFFFFL"));
        QVERIFY(state.byHand(2));
        state.setKind({0}, LayerKind::Full);
        state.togglePins({0});
        state.setBudget(2);
        QCOMPARE(key(state), QString("FLLFLL"));  // the pin, then the best of the ranking
        QVERIFY(state.pin(0) == LayerKind::Full);
        QVERIFY(!state.byHand(2));
    }

    void flipChangesNoOtherLayer() {
        PlanState state;
        state.reset(6, 3);
        state.setRanking(kRanking);
        state.flip(1);
        QCOMPARE(key(state), QString("LLLFFL"));
        state.flip(1);
        QCOMPARE(key(state), QString("LFLFFL"));
        state.setKind({0, 5, 3}, LayerKind::Full);  // 3 is full already
        QCOMPARE(key(state), QString("FFLFFF"));
        QCOMPARE(state.budget(), 5);
    }

    void flippedLayersHoldWhenGatesMove() {
        PlanState state;
        state.reset(6, 2);
        state.setRanking(kRanking);
        state.flip(5);
        state.setRanking({{0.9, 0.8, 0.7, 0.1, 0.2, 0.0}, {}, {}});
        QCOMPARE(key(state), QString("FFLLLF"));
        QCOMPARE(state.budget(), 3);
    }

    void everyEditCanBeUndoneByName() {
        PlanState state;
        state.reset(6, 2);
        state.setRanking(kRanking);
        const QString start = key(state);
        state.setBudget(4);
        QCOMPARE(lastName(state), QString("Set budget to 4"));
        state.togglePins({0});
        QCOMPARE(lastName(state), QString("Pin layer 0 as full attention"));
        state.flip(2);
        QCOMPARE(lastName(state), QString("Flip layer 2 to full attention"));
        state.applyPlan(Plan::fromFullLayers(6, {0, 5}), "uniform-b at K = 2");
        QCOMPARE(lastName(state), QString("Apply uniform-b at K = 2"));
        QCOMPARE(key(state), QString("FLLLLF"));
        const int steps = state.undoStack().count();
        QCOMPARE(steps, 4);
        for (int i = 0; i < steps; ++i) state.undoStack().undo();
        QCOMPARE(key(state), start);
        QVERIFY(!state.pin(0));
        for (int i = 0; i < steps; ++i) state.undoStack().redo();
        QCOMPARE(key(state), QString("FLLLLF"));
    }

    void oneDragIsOneStep() {
        PlanState state;
        state.reset(6, 2);
        state.setRanking(kRanking);
        state.beginBudgetDrag();
        for (const int k : {3, 4, 5, 4}) state.setBudget(k);
        state.endBudgetDrag();
        QCOMPARE(state.undoStack().count(), 1);
        QCOMPARE(lastName(state), QString("Set budget to 4"));
        state.beginBudgetDrag();
        state.setBudget(5);
        state.endBudgetDrag();
        QCOMPARE(state.undoStack().count(), 2);
        state.undoStack().undo();
        state.undoStack().undo();
        QCOMPARE(state.budget(), 2);
        // There and back again is no step at all.
        state.undoStack().clear();
        state.beginBudgetDrag();
        state.setBudget(3);
        state.setBudget(2);
        state.endBudgetDrag();
        QCOMPARE(state.undoStack().count(), 0);
    }

    void showsTheRunsSwapsOnlyWhereTheyAreItsOwn() {
        PlanState state;
        state.reset(6, 2);
        const Plan swapped = Plan::fromFullLayers(6, {3, 4});  // 4 instead of 1
        state.setRanking(kRanking, swapped);
        QCOMPARE(key(state), QString("LLLFFL"));
        QVERIFY(state.showsSwaps());
        state.setBudget(3);
        QCOMPARE(key(state), QString("LFLFFL"));
        QVERIFY(!state.showsSwaps());
        state.setBudget(2);
        QCOMPARE(key(state), QString("LLLFFL"));
        state.flip(0);  // the swaps become flips: nothing else changes
        QCOMPARE(key(state), QString("FLLFFL"));
        state.undoStack().undo();
        state.togglePins(
            {4});  // pinning a layer at its present kind changes no kind, as `flashmorph plan --pin 4=full`
        QCOMPARE(key(state), QString("LLLFFL"));
        state.undoStack().undo();
        state.setBudget(3);
        state.togglePins({1});  // full there, linear in the swapped plan: the swaps give way
        state.setBudget(2);
        QCOMPARE(key(state), QString("LFLFLL"));
        QVERIFY(!state.showsSwaps());
    }

    void startsWithTheRunsPins() {
        PlanState state;
        state.reset(6, 0, {{0, LayerKind::Full}, {3, LayerKind::Linear}, {9, LayerKind::Full}});
        QCOMPARE(state.budget(), 1);  // the pinned full layer
        QVERIFY(!state.undoStack().canUndo());
        state.setRanking(kRanking);
        QCOMPARE(key(state), QString("FLLLLL"));
        state.setBudget(2);
        QCOMPARE(key(state), QString("FFLLLL"));
        QVERIFY(state.pin(3) == LayerKind::Linear);
    }

    void refusesPlansThatThePinsForbid() {
        PlanState state;
        state.reset(6, 2);
        state.setRanking(kRanking);
        state.togglePins({0});  // linear
        QSignalSpy refused(&state, &PlanState::editRefused);
        state.applyPlan(Plan::fromFullLayers(6, {0, 1}), "uniform-a");
        QCOMPARE(refused.count(), 1);
        state.applyPlan(Plan::fromFullLayers(5, {0, 1}), "another teacher's");
        QCOMPARE(refused.count(), 2);
        QCOMPARE(key(state), QString("LFLFLL"));
    }

    void ignoresLayersThatAreNotThere() {
        PlanState state;
        state.flip(0);
        state.reset(6, 2);
        state.flip(6);
        state.flip(-1);
        state.setKind({-3, 99}, LayerKind::Full);
        state.togglePins({17});
        QCOMPARE(state.undoStack().count(), 0);
    }
};

QTEST_GUILESS_MAIN(TestPlanState)
#include "test_plan_state.moc"
