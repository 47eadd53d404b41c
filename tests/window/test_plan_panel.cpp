// The heart of the window under real clicks and keys: strip, budget, tiles.
#include <QAccessible>
#include <QElapsedTimer>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <vector>

#include "tests/state/gate_run_fixture.h"
#include "tests/support/measured_fixture.h"
#include "widgets/models/number_text.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/cost_tiles.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_follow.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"
#include "widgets/theme/theme.h"

using namespace fm;

namespace {

// Everything that the panel needs, with a gate run of `layers` layers at its last step.
struct Bench {
    explicit Bench(int layers, QSize size = {1000, 330}) {
        run.reset(fixture::gateHeader(layers));
        for (int step = 0; step < 20; ++step) run.append(0, fixture::gateStep(step, layers));
        run.announce();
        panel.resize(size);
        panel.show();
        if (!QTest::qWaitForWindowExposed(&panel)) qWarning("the panel was never shown");
    }
    RunData run;
    StepCursor cursor;
    PlanState plan;
    CostState cost;
    Selection selection;
    ThemeSource theme{ThemeKind::Dark};
    PlanFollow follow{run, cursor, plan};
    PlanPanel panel{run, cursor, plan, cost, selection, theme};

    PlanStrip& strip() { return panel.strip(); }
    QPoint at(int layer) { return strip().stripLayout().bar(layer).center().toPoint(); }
    QString key() const { return QString::fromStdString(plan.key()); }
};

ModelShape shapeOf(int layers) {
    return {.num_layers = layers,
            .hidden_size = 576,
            .intermediate_size = 1536,
            .num_heads = 9,
            .num_kv_heads = 3,
            .head_dim = 64,
            .vocab_size = 49152,
            .max_position = 8192,
            .tie_embeddings = true};
}

}  // namespace

class TestPlanPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        registerPlanStripAccessibility();
    }

    void clickFlipsAndUndoBringsBack() {
        Bench bench(12);
        QCOMPARE(bench.key(), QString("FFLLLLLLLLLL"));
        QTest::mouseClick(&bench.strip(), Qt::LeftButton, {}, bench.at(5));
        QCOMPARE(bench.key(), QString("FFLLLFLLLLLL"));
        QCOMPARE(bench.plan.budget(), 3);
        QVERIFY(bench.selection.layers() == std::set<int>{5});
        QTest::keyClick(&bench.strip(), Qt::Key_P);  // pin what was flipped
        QVERIFY(bench.plan.pin(5) == LayerKind::Full);
        bench.plan.undoStack().undo();
        bench.plan.undoStack().undo();
        QCOMPARE(bench.key(), QString("FFLLLLLLLLLL"));
        QVERIFY(!bench.plan.pin(5));
    }

    void dragSelectsAndFlipsNothing() {
        Bench bench(12);
        QTest::mousePress(&bench.strip(), Qt::LeftButton, {}, bench.at(3));
        QTest::mouseMove(&bench.strip(), bench.at(4));
        QTest::mouseMove(&bench.strip(), bench.at(6));
        QTest::mouseRelease(&bench.strip(), Qt::LeftButton, {}, bench.at(6));
        QVERIFY(bench.selection.layers() == (std::set<int>{3, 4, 5, 6}));
        QCOMPARE(bench.plan.undoStack().count(), 0);
        QTest::keyClick(&bench.strip(), Qt::Key_F);
        QCOMPARE(bench.key(), QString("FFLFFFFLLLLL"));
        QTest::keyClick(&bench.strip(), Qt::Key_L);
        QCOMPARE(bench.key(), QString("FFLLLLLLLLLL"));
        QTest::mouseClick(&bench.strip(), Qt::LeftButton, Qt::ControlModifier, bench.at(9));
        QVERIFY(bench.selection.layers() == (std::set<int>{3, 4, 5, 6, 9}));
    }

    void everythingWorksByKeyboard() {
        Bench bench(12);
        bench.panel.activateWindow();  // a screen without a window manager gives nobody the focus
        QVERIFY(QTest::qWaitForWindowActive(&bench.panel));
        bench.panel.budget().slider().setFocus();
        bench.strip().setFocus(Qt::TabFocusReason);
        QTRY_VERIFY(bench.strip().hasFocus());
        QCOMPARE(bench.selection.currentLayer(), 0);
        QTest::keyClick(&bench.strip(), Qt::Key_Right);
        QTest::keyClick(&bench.strip(), Qt::Key_Right);
        QCOMPARE(bench.selection.currentLayer(), 2);
        QTest::keyClick(&bench.strip(), Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(bench.selection.layers() == (std::set<int>{2, 3}));
        QTest::keyClick(&bench.strip(), Qt::Key_End);
        QCOMPARE(bench.selection.currentLayer(), 11);
        QTest::keyClick(&bench.strip(), Qt::Key_Space);
        QVERIFY(bench.plan.kind(11) == LayerKind::Full);
        QTest::keyClick(&bench.strip(), Qt::Key_Escape);
        QVERIFY(bench.selection.layers().empty());
    }

    void wrapsIntoRowsAndKeepsThemClickable() {
        Bench bench(96, {1000, 420});
        const StripLayout layout = bench.strip().stripLayout();
        QVERIFY(layout.rows >= 2 && layout.dense);
        for (const int layer : {0, 31, 32, 60, 95}) {
            QCOMPARE(layout.layerAt(layout.bar(layer).center()), layer);
            QVERIFY(bench.strip().rect().contains(layout.cell(layer).toAlignedRect()));
        }
        QVERIFY(layout.bar(0).width() >= 15);
        QVERIFY2(layout.bar(0).height() >= 40, qPrintable(QString::number(layout.bar(0).height())));
        const bool was_full = bench.plan.kind(60) == LayerKind::Full;
        QTest::mouseClick(&bench.strip(), Qt::LeftButton, {}, bench.at(60));
        QVERIFY((bench.plan.kind(60) == LayerKind::Full) != was_full);
    }

    void describesLayersToScreenReaders() {
        Bench bench(12);
        bench.plan.togglePins({0});
        QVERIFY(bench.strip().describe(0).contains("full attention"));
        QVERIFY(bench.strip().describe(0).contains("pinned"));
        QVERIFY(bench.strip().describe(99).isEmpty());
        const QString tip = bench.strip().toolTipOf(3);
        for (const char* part : {"Layer 3", "linear", "gate", "gradient", "cut"}) QVERIFY2(tip.contains(part), part);
        QAccessibleInterface* strip = QAccessible::queryAccessibleInterface(&bench.strip());
        QVERIFY(strip);
        QCOMPARE(strip->childCount(), 12);
        QCOMPARE(strip->child(3)->text(QAccessible::Name), bench.strip().describe(3));
        QVERIFY(!strip->child(12));
    }

    void budgetMovesByMouseAndKeys() {
        Bench bench(12);
        BudgetSlider& slider = bench.panel.budget().slider();
        const auto at = [&](int budget) { return QPoint(int(slider.positionOf(budget)), slider.height() / 2); };
        QTest::mousePress(&slider, Qt::LeftButton, {}, at(3));
        for (int k = 4; k <= 8; ++k) QTest::mouseMove(&slider, at(k));
        QCOMPARE(bench.plan.budget(), 8);
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, at(8));
        QCOMPARE(bench.plan.undoStack().count(), 1);
        QCOMPARE(bench.panel.findChild<QLabel*>("budgetValue")->text(), QString("K = 8 / 12"));
        QTest::keyClick(&slider, Qt::Key_Left);
        QCOMPARE(bench.plan.budget(), 7);
        QTest::keyClick(&slider, Qt::Key_Home);
        QCOMPARE(bench.plan.budget(), 0);
        bench.plan.undoStack().undo();
        bench.plan.undoStack().undo();
        QCOMPARE(bench.plan.budget(), 8);
    }

    void tilesTellPredictionFromMeasurement() {
        Bench bench(12);
        const CostTiles& tiles = bench.panel.tiles();
        QCOMPARE(tiles.tile(CostTiles::Kv).content().value, QString::fromUtf8("–"));
        bench.cost.setShape(shapeOf(12));
        QVERIFY(tiles.tile(CostTiles::Kv).content().detail.contains("17 %"));  // 2 of 12
        QVERIFY(tiles.tile(CostTiles::Decode).content().kind == CostTile::Kind::Predicted);
        QVERIFY(tiles.tile(CostTiles::Recall).content().kind == CostTile::Kind::Plain);
        const std::string plan = bench.plan.key();
        const MeasuredPlan probe = fixture::measured(plan, {.exact = 0.925});
        bench.cost.addMeasured(probe, {{"mk8", "hop4"}, {256}, 20, 1, 48});
        const CostTile& recall = tiles.tile(CostTiles::Recall);
        QVERIFY(recall.content().kind == CostTile::Kind::Measured);
        QCOMPARE(recall.content().value, shareText(probe.exact_match));
        QCOMPARE(recall.content().detail, QString::fromUtf8("measured · n 40"));
        QVERIFY2(recall.toolTip().contains("probe A: 2 tasks, 256 tokens, seed 1, 48 sequences"),
                 qPrintable(recall.toolTip()));
        bench.plan.setBudget(5);
        QVERIFY(tiles.tile(CostTiles::Recall).content().kind != CostTile::Kind::Measured);
    }

    // "measured" is said once every task has enough sequences, never before.
    void tilesSayHowFarAMeasurementIs() {
        Bench bench(12);
        const std::string plan = bench.plan.key();
        const CostTile& recall = bench.panel.tiles().tile(CostTiles::Recall);
        bench.cost.setMeasuring(plan, true);
        const auto part = [&](int sequences) {
            MeasuredPlan m = fixture::measured(plan, {.sequences = sequences, .planned = 102});
            m.run.clear();
            bench.cost.addMeasured(m);
            return recall.content();
        };
        const CostTile::Content few = part(12), enough = part(60);
        QCOMPARE(few.detail, QString::fromUtf8("measuring · n 20 of 102"));  // text counts, too
        QVERIFY(few.kind != CostTile::Kind::Measured);
        QCOMPARE(enough.detail, QString::fromUtf8("measured · n 68 of 102"));
        QVERIFY(enough.kind == CostTile::Kind::Measured);
        QVERIFY(few.value != enough.value);  // the interval has shrunk
    }

    void aTieAtTheCutIsNoMargin() {
        Bench bench(4);
        const CostTile& margin = bench.panel.tiles().tile(CostTiles::Margin);
        LayerRanking ranking = bench.plan.ranking();
        const auto showing = [&](std::vector<double> score) {
            ranking.score = std::move(score);
            bench.plan.setRanking(ranking);
            return margin.content();
        };
        QCOMPARE(showing({1, 0.4, 0.4, 0.1}).detail, QString("undecided: a tie"));
        QCOMPARE(margin.content().value, QString("0.000"));
        QVERIFY(!bench.strip().confidence().layers[1].sure());
        bench.panel.strip().setSpread({0, 0.2, 0.2, 0});
        QCOMPARE(showing({1, 0.6, 0.5, 0.1}).detail, QString("within gates' movement"));
        QCOMPARE(showing({1, 0.9, 0.2, 0.1}).value, QString("0.70"));
        QVERIFY2(margin.content().detail.endsWith("layers sure"), qPrintable(margin.content().detail));
    }

    void scrubbingShowsThatStep() {
        Bench bench(12);
        const double at_end = bench.plan.ranking().score[11];
        bench.cursor.setStep(0);
        QVERIFY(bench.plan.ranking().score[11] > at_end);
        QVERIFY(bench.panel.subtitle().contains("step 0"));
    }

    // Plan, cost and prediction follow the mouse within 16 ms.
    void budgetDragRedrawsWithinOneFrame() {
        Bench bench(96, {1200, 420});
        bench.cost.setShape(shapeOf(96));
        Measurements measured;
        measured.branches = "b";
        for (int l = 0; l < 96; ++l) measured.effects.single.push_back(0.01 * (l % 7 + 1));
        for (int i = 0; i < 96; ++i) {
            for (int j = i + 1; j < 96; ++j) measured.effects.extra[{i, j}] = 0.001 * ((i + j) % 5 - 2);
        }
        for (int k = 0; k <= 96; k += 8) {
            measured.plans.push_back(
                fixture::measured(bench.plan.planAt(k).key(), {.kl = 0.02 * (97 - k), .exact = k / 96.0}));
        }
        bench.cost.setMeasurements(measured);
        BudgetSlider& slider = bench.panel.budget().slider();
        QTest::mousePress(&slider, Qt::LeftButton, {}, QPoint(int(slider.positionOf(10)), slider.height() / 2));
        std::vector<double> moves_ms;
        for (int k = 11; k <= 90; ++k) {
            QElapsedTimer timer;
            timer.start();
            QTest::mouseMove(&slider, QPoint(int(slider.positionOf(k)), slider.height() / 2));
            bench.panel.repaint();  // strip, slider and tiles, now
            moves_ms.push_back(double(timer.nsecsElapsed()) / 1e6);
        }
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, QPoint(int(slider.positionOf(90)), slider.height() / 2));
        QCOMPARE(bench.plan.budget(), 90);
        std::sort(moves_ms.begin(), moves_ms.end());
        const double median_ms = moves_ms[moves_ms.size() / 2];  // others may use the processor too
        qInfo("budget drag at 96 layers: median %.2f ms, worst %.2f ms", median_ms, moves_ms.back());
        QVERIFY2(median_ms < 16, "the budget does not follow the mouse within one frame");
    }
};

QTEST_MAIN(TestPlanPanel)
#include "test_plan_panel.moc"
