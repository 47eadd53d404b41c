// What figures do: keep the user's view, answer mouse and keyboard, redraw seldom.
#include <QAction>
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

#include "tests/plots/plot_driver.h"
#include "widgets/plots/gates_curves.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/plots/label_places.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/pair_map.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/plots/plan_budget_map.h"
#include "widgets/plots/plot_export.h"
#include "widgets/plots/retrieval_map.h"

namespace fm {

class TestPlots : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    void theViewFollowsTheDataUntilItIsMoved() {
        ObjectivePlot plot(darkTheme());
        plot.resize(480, 320);
        plot.setCurves(ObjectivePlot::gateRunCurves());
        plot.append(0, std::vector<double>{0, 1, 2}, std::vector<double>{1, 2, 3});
        plot.show();
        plot.refreshNow();
        QCOMPARE(plot.xRange(), std::pair(0.0, 2.0));
        plot.append(0, std::vector<double>{3, 10}, std::vector<double>{5, 9});
        plot.refreshNow();
        QCOMPARE(plot.xRange(), std::pair(0.0, 10.0));
        QVERIFY(plot.yRange().second >= 9);
        QVERIFY(!plot.userHasZoomed());
    }

    void newDataNeverMoveTheUsersView() {
        const auto plot = shown<ObjectivePlot>("objective");
        turnWheel(*plot, plot->rect().center(), 360);
        plot->refreshNow();
        const auto x = plot->xRange(), y = plot->yRange();
        QVERIFY(x.second - x.first < 1000);
        std::vector<double> step, value;
        for (int i = 0; i < 500; ++i) {
            step.push_back(1500 + i);
            value.push_back(50);
        }
        plot->append(0, step, value);
        plot->refreshNow();
        QCOMPARE(plot->xRange(), x);
        QCOMPARE(plot->yRange(), y);
        plot->setStepCursor(1700);
        plot->setSmoothing(0.99);
        plot->refreshNow();
        QCOMPARE(plot->xRange(), x);
        QCOMPARE(plot->yRange(), y);
        plot->resetView();
        QCOMPARE(plot->xRange(), std::pair(0.0, 1999.0));
    }

    void growingGatesLeaveTheZoomAlone() {
        GatesHeatmap plot(darkTheme());
        const auto history = std::make_shared<GateHistory>(4);
        const std::vector<float> row = {1, 0.5F, 0.2F, 0};
        for (int step = 0; step < 100; ++step) history->append(std::vector<double>{double(step)}, row);
        plot.setHistory(history);
        plot.resize(480, 320);
        plot.show();
        plot.refreshNow();
        plot.zoomBy(0.5);
        const auto x = plot.xRange();
        for (int step = 100; step < 200; ++step) history->append(std::vector<double>{double(step)}, row);
        plot.historyGrew();
        plot.refreshNow();
        QCOMPARE(plot.xRange(), x);
    }

    void aViewThatShowsNothingOfAnotherRunIsGivenUp() {
        ObjectivePlot plot(darkTheme());
        plot.setCurves({{"a", "a", ""}});
        plot.resize(480, 320);
        plot.show();
        const auto steps = [](double from) { return std::vector<double>{from, from + 50, from + 100}; };
        plot.append(0, steps(1000), std::vector<double>{1, 2, 3});
        plot.refreshNow();
        plot.setXRange(1040, 1060);
        plot.clear();
        plot.append(0, steps(1020), std::vector<double>{1, 2, 3});
        plot.refreshNow();
        QCOMPARE(plot.xRange(), std::pair(1040.0, 1060.0));  // still of use
        plot.clear();
        plot.append(0, steps(0), std::vector<double>{1, 2, 3});
        plot.refreshNow();
        QCOMPARE(plot.xRange(), std::pair(0.0, 100.0));
        QVERIFY(!plot.userHasZoomed());
    }

    void wheelZoomsWhereThePointerIs() {
        const auto plot = shown<ObjectivePlot>("objective");
        const QPoint at = plot->pixelOf(300, 1.5);
        turnWheel(*plot, at, 240);
        plot->refreshNow();
        QVERIFY(std::abs(plot->pixelOf(300, 1.5).x() - at.x()) <= 2);
        const auto y = plot->yRange();
        turnWheel(*plot, plot->pixelOf(300, 1.5), 240, Qt::ShiftModifier);
        QVERIFY(plot->yRange().second - plot->yRange().first < 0.8 * (y.second - y.first));
        for (int i = 0; i < 60; ++i) turnWheel(*plot, at, -240);
        QVERIFY(plot->xRange().second - plot->xRange().first < 2000);  // never lost in empty space
        for (int i = 0; i < 300; ++i) turnWheel(*plot, at, 240);
        QVERIFY(plot->xRange().second > plot->xRange().first);
    }

    void aDoubleClickResets() {
        const auto plot = shown<ObjectivePlot>("objective");
        const auto whole = plot->xRange();
        plot->zoomBy(0.3);
        QVERIFY(plot->userHasZoomed());
        const QPoint at = plot->rect().center();
        QWidget* canvas = canvasAt(*plot, at);
        QTest::mouseDClick(canvas, Qt::LeftButton, {}, canvas->mapFrom(plot.get(), at));
        QCOMPARE(plot->xRange(), whole);
        QVERIFY(!plot->userHasZoomed());
    }

    void linkedViewsShareTheirSteps() {
        const auto a = shown<ObjectivePlot>("objective");
        const auto b = shown<GatesHeatmap>("gates_heatmap");
        connect(a.get(), &ChartPlot::xRangeChanged, b.get(), &ChartPlot::setXRange);
        connect(b.get(), &ChartPlot::xRangeChanged, a.get(), &ChartPlot::setXRange);
        a->zoomBy(0.5);
        QCOMPARE(b->xRange(), a->xRange());
        b->zoomBy(0.5);
        QCOMPARE(b->xRange(), a->xRange());
    }

    // A pair that costs 400 times more than any other must not leave the rest of the map blank.
    void oneLoudPairDoesNotHideTheOthers() {
        PairMap map(darkTheme());
        const int layers = 8;
        std::vector<double> values(layers * layers);
        for (int i = 0; i < layers * layers; ++i) values[static_cast<std::size_t>(i)] = 1e-3 * (i % 3 - 1);
        map.setMatrix(layers, values);
        pictureOf(map);
        QVERIFY(!map.decades());
        map.setPair(2, 5, 0.4);
        const QImage by_tens = pictureOf(map);
        QVERIFY(map.decades());
        map.setDecades(false);
        QVERIFY(pictureOf(map) != by_tens);
        map.setPair(2, 6, 0.3);
        pictureOf(map);
        QVERIFY(!map.decades());  // the user's choice stays
    }

    void curvesCanBeHidden() {
        const auto plot = shown<ObjectivePlot>("objective");
        QSignalSpy changed(plot.get(), &CurvePlot::curveShownChanged);
        const double top = plot->yRange().second;
        QVERIFY(plot->curveShown("series/loss/regulariser"));
        plot->setCurveShown("series/loss/regulariser", false);
        plot->refreshNow();
        QVERIFY(!plot->curveShown("series/loss/regulariser"));
        QVERIFY(plot->yRange().second < top / 2);  // the axis fits what is left
        QCOMPARE(changed.count(), 1);
        QCOMPARE(csvOf(*plot)[0].size(), 5);  // the numbers are all exported
    }

    void aLogAxisLeavesOutWhatHasNoLogarithm() {
        ObjectivePlot plot(darkTheme());
        plot.setCurves({{"a", "a", ""}});
        plot.append(0, std::vector<double>{0, 1, 2, 3}, std::vector<double>{-1, 0, 0.01, 10});
        plot.resize(480, 320);
        plot.show();
        plot.setLogScale(true);
        plot.refreshNow();
        QVERIFY(plot.yRange().first > 0.001 && plot.yRange().first < 0.01);
        QVERIFY(plot.yRange().second > 10 && plot.yRange().second < 100);
        QVERIFY(!plot.grab().isNull());
    }

    void oddNumbersAreDrawnAround() {
        const double none = std::nan(""), far = std::numeric_limits<double>::infinity();
        ObjectivePlot curves(darkTheme());
        curves.setCurves({{"a", "a", ""}, {"b", "b", "", CurveColour::Next, true}});
        curves.append(0, std::vector<double>{none, 0, 1, 2, far, 3}, std::vector<double>{5, 1, far, none, 9, 2});
        curves.append(1, std::vector<double>{0}, std::vector<double>{-far});
        const auto history = std::make_shared<GateHistory>(2);
        history->append(std::vector<double>{none, 0, 1, 1}, std::vector<float>{9, 9, 0.5F, NAN, INFINITY, -1, 9, 9});
        QCOMPARE(history->numSteps(), std::size_t(2));
        GatesHeatmap heatmap(darkTheme());
        GatesCurves gates(darkTheme());
        heatmap.setHistory(history);
        gates.setHistory(history);
        PairMap pairs(darkTheme());
        pairs.setMatrix(3, {none, far, 0.2});  // too short as well
        pairs.setPair(1, 2, -far);
        pairs.setPair(7, 1, 3);
        RetrievalMap retrieval(darkTheme());
        retrieval.setGrid({{0, 1}, {512, none}, {{far}, {none}, {-4}}});
        PlanBudgetMap budgets(darkTheme());
        budgets.setPlans({4, {1, 2, 3}, {{true}, {}}});
        ParetoPlot pareto(darkTheme());
        pareto.setPoints({{"a", "a", none, 1}, {"b", "b", 1, far}, {"c", "c", 1, 0.5, -far, far}});
        for (PlotFrame* plot :
             std::initializer_list<PlotFrame*>{&curves, &heatmap, &gates, &pairs, &retrieval, &budgets, &pareto}) {
            plot->resize(300, 200);
            plot->show();
            plot->refreshNow();
            QVERIFY(!plot->grab().isNull());
            plot->resize(160, 130);  // as small as it gets
            plot->refreshNow();
            csvOf(*plot);
        }
        QCOMPARE(curves.xRange(), std::pair(0.0, 3.0));
        QVERIFY(curves.yRange().second < 3);
        for (const auto& layers : {std::make_shared<GateHistory>(0), std::make_shared<GateHistory>(3)}) {
            layers->append(std::vector<double>{0, 1}, {});
            heatmap.setHistory(layers);
            heatmap.refreshNow();
            gates.setHistory(layers);
            gates.refreshNow();
        }
    }

    void draggingPansAndIsNoClick() {
        const auto plot = shown<GatesHeatmap>("gates_heatmap");
        plot->zoomBy(0.5);
        plot->refreshNow();
        const auto before = plot->xRange();
        QSignalSpy clicks(plot.get(), &GatesHeatmap::layerClicked);
        const QPoint from = plot->pixelOf((before.first + before.second) / 2, 10);
        drag(*plot, from, from - QPoint(60, 0));
        QVERIFY(plot->xRange().first > before.first + 20);
        QVERIFY(std::abs((plot->xRange().second - plot->xRange().first) - (before.second - before.first)) < 1e-6);
        QCOMPARE(clicks.count(), 0);
    }

    void clicksChooseLayerAndStep() {
        const auto heatmap = shown<GatesHeatmap>("gates_heatmap");
        QSignalSpy layers(heatmap.get(), &GatesHeatmap::layerClicked);
        QSignalSpy steps(heatmap.get(), &GatesHeatmap::stepClicked);
        click(*heatmap, heatmap->pixelOf(400, 21), Qt::ControlModifier);
        QCOMPARE(layers.at(0).at(0).toInt(), 21);
        QCOMPARE(layers.at(0).at(1).value<Qt::KeyboardModifiers>(), Qt::ControlModifier);
        QVERIFY(std::abs(steps.at(0).at(0).toDouble() - 400) < 6);  // a pixel is four steps wide

        const auto curves = shown<GatesCurves>("gates_curves");
        QSignalSpy curve_layers(curves.get(), &GatesCurves::layerClicked);
        const auto history = samples::gates();
        click(*curves, curves->pixelOf(1000, history->alpha(1000, 12)));
        QCOMPARE(curve_layers.at(0).at(0).toInt(), 12);
        click(*curves, curves->pixelOf(1200, 0.97));  // far above every curve
        QCOMPARE(curve_layers.count(), 1);
    }

    void clicksChooseCells() {
        const auto map = shown<RetrievalMap>("retrieval_map");
        QSignalSpy cells(map.get(), &RetrievalMap::cellSelected);
        click(*map, map->pixelOf(3, 7));
        QCOMPARE(cells.at(0), (QList<QVariant>{7, 3}));

        const auto budgets = shown<PlanBudgetMap>("plan_budget_map");
        QSignalSpy chosen(budgets.get(), &PlanBudgetMap::budgetClicked);
        click(*budgets, budgets->pixelOf(10, 5));
        QCOMPARE(chosen.at(0).at(0).toInt(), 11);

        const auto pairs = shown<PairMap>("pair_map_clustered");
        QSignalSpy pair(pairs.get(), &PairMap::pairClicked);
        const std::vector<int> order = pairs->order();
        QVERIFY(order != std::vector<int>(30));
        click(*pairs, pairs->pixelOf(4, 20));
        QCOMPARE(pair.at(0), (QList<QVariant>{order[20], order[4]}));

        const auto pareto = shown<ParetoPlot>("pareto");
        QSignalSpy points(pareto.get(), &ParetoPlot::pointClicked);
        click(*pareto, pareto->pixelOf(50, 0.985));
        QCOMPARE(points.at(0).at(0).toString(), QString("k15"));
        click(*pareto, pareto->pixelOf(70, 0.7));
        QCOMPARE(points.count(), 1);
    }

    void everythingWorksByKeyboard() {
        const auto plot = shown<ObjectivePlot>("objective");
        QVERIFY(focused(*plot));
        const auto whole = plot->xRange();
        QTest::keyClick(plot.get(), Qt::Key_Plus);
        QVERIFY(plot->xRange().second - plot->xRange().first < whole.second - whole.first);
        const auto zoomed = plot->xRange();
        QTest::keyClick(plot.get(), Qt::Key_Right);
        QVERIFY(plot->xRange().first > zoomed.first);
        QTest::keyClick(plot.get(), Qt::Key_Minus);
        QTest::keyClick(plot.get(), Qt::Key_Home);
        QCOMPARE(plot->xRange(), whole);
        QVERIFY(!plot->logScale());
        QTest::keyClick(plot.get(), Qt::Key_L);
        QVERIFY(plot->logScale());
        QTest::keyClick(plot.get(), Qt::Key_L);
        QVERIFY(!plot->overlay().readOut());
        QTest::keyClick(plot.get(), Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(plot->overlay().readOut());
        QCOMPARE(plot->overlay().readOut()->lines.size(), 4);
        QSignalSpy steps(plot.get(), &CurvePlot::stepClicked);
        QTest::keyClick(plot.get(), Qt::Key_Return);
        QCOMPARE(steps.count(), 1);
        QTest::keyClick(plot.get(), Qt::Key_Escape);
        QVERIFY(!plot->overlay().readOut());

        const auto heatmap = shown<GatesHeatmap>("gates_heatmap");
        QSignalSpy layers(heatmap.get(), &GatesHeatmap::layerClicked);
        QVERIFY(focused(*heatmap));
        QTest::keyClick(heatmap.get(), Qt::Key_Down, Qt::ShiftModifier);
        QTest::keyClick(heatmap.get(), Qt::Key_Down, Qt::ShiftModifier);
        QTest::keyClick(heatmap.get(), Qt::Key_Return);
        QCOMPARE(layers.at(0).at(0).toInt(), 17);  // from the middle of 30 layers two further down
    }

    void theReadOutShowsTheGivenValues() {
        const auto plot = shown<GatesHeatmap>("gates_heatmap");
        const QPoint at = plot->pixelOf(700, 8);
        QWidget* canvas = canvasAt(*plot, at);
        QMouseEvent move(QEvent::MouseMove, canvas->mapFrom(plot.get(), at), plot->mapToGlobal(at), Qt::NoButton, {},
                         {});
        QApplication::sendEvent(canvas, &move);
        const auto read_out = plot->overlay().readOut();
        QVERIFY(read_out);
        QVERIFY2(read_out->heading.contains("layer 8"), qPrintable(read_out->heading));
        QVERIFY(std::abs(read_out->lines.at(0).value.toDouble() - samples::gates()->alpha(700, 8)) < 0.07);
        QCOMPARE(read_out->lines.at(1).value, QString("full attention"));
    }

    void redrawsAreFewAndOnlyWhileVisible() {
        ObjectivePlot plot(darkTheme());
        plot.setCurves(ObjectivePlot::gateRunCurves());
        plot.resize(480, 320);
        for (int i = 0; i < 100; ++i) plot.append(0, std::vector<double>{double(i)}, std::vector<double>{1});
        QTest::qWait(80);
        QCOMPARE(plot.numRefreshes(), 0);
        plot.show();
        QTest::qWait(50);
        const int before = plot.numRefreshes();
        QElapsedTimer clock;
        clock.start();
        int num_rows = 0;
        while (clock.elapsed() < 500) {
            plot.append(0, std::vector<double>{100.0 + num_rows}, std::vector<double>{1});
            ++num_rows;
            QCoreApplication::processEvents();
        }
        QVERIFY(num_rows > 50);
        const int refreshes = plot.numRefreshes() - before;
        QVERIFY2(refreshes >= 2 && refreshes <= clock.elapsed() / 33 + 1, qPrintable(QString::number(refreshes)));
        plot.hide();
        const int hidden = plot.numRefreshes();
        plot.append(0, std::vector<double>{1e6}, std::vector<double>{1});
        QTest::qWait(80);
        QCOMPARE(plot.numRefreshes(), hidden);
    }

    void everyFigureIsNamedAndExplained() {
        for (const samples::Sample& sample : samples::all()) {
            const std::unique_ptr<PlotFrame> plot = sample.make(darkTheme());
            QVERIFY2(!plot->accessibleName().isEmpty(), sample.name);
            QVERIFY2(!plot->plotName().isEmpty() && !plot->plotName().contains(' '), sample.name);
            for (const QAction* action : plot->figureActions()) QVERIFY2(action->toolTip().size() > 10, sample.name);
            QVERIFY2(plot->figureActions().size() >= 6, sample.name);
        }
    }

    void theFrontIsWhatNothingIsToldApartFrom() {
        std::vector<ParetoPoint> points;
        for (const auto& [cost, accuracy] : std::vector<std::pair<double, double>>{
                 {10, 0.5}, {20, 0.4}, {20, 0.8}, {30, 0.8}, {15, 0.99}, {40, 0.9}}) {
            ParetoPoint point;
            point.cost = cost;
            point.accuracy = accuracy;
            points.push_back(point);
        }
        points[1].dominated = true;
        points[4].predicted = true;
        // The fourth gives no more than the third and costs more, but nothing tells them apart: it stays, off the line.
        const std::vector<std::size_t> front = paretoFront(points);
        QCOMPARE(front, (std::vector<std::size_t>{0, 2, 3, 5}));
        QCOMPARE(paretoLine(points, front), (std::vector<std::size_t>{0, 2, 5}));
        QVERIFY(paretoFront({}).empty());
    }

    void labelsTouchNeitherEachOtherNorPoints() {
        const QRectF area(0, 0, 400, 300);
        const QSizeF size(60, 12);
        QList<QPointF> points;
        QList<QRectF> marks;
        for (int i = 0; i < 25; ++i) {
            points << QPointF(60 + 280 * std::fmod(i * 0.618, 1.0), 40 + 220 * std::fmod(i * 0.381, 1.0));
            marks << QRectF(points.last() - QPointF(5, 5), QSizeF(10, 10));
        }
        points << points[3] + QPointF(0, 6);  // two that nearly cover each other
        marks << QRectF(points.last() - QPointF(5, 5), QSizeF(10, 10));
        LabelPlaces places(area, points, marks, {QLineF(0, 300, 400, 0)});
        QList<QRectF> labels;
        int num_leaders = 0;
        for (const QPointF& point : points) {
            const auto place = places.take(point, size, 8);
            if (!place) continue;
            QVERIFY(area.contains(place->rect));
            for (const QRectF& other : labels + marks) QVERIFY(!place->rect.intersects(other));
            labels << place->rect;
            num_leaders += place->leader.has_value();
        }
        QVERIFY2(labels.size() >= 20, qPrintable(QString::number(labels.size())));
        QVERIFY(num_leaders > 0 && num_leaders < labels.size());
        LabelPlaces full(QRectF(0, 0, 50, 50), {QPointF(25, 25)}, {}, {});
        QVERIFY(!full.take(QPointF(25, 25), size, 8));  // no room at all
    }

    void theThemeCanChangeWhileShown() {
        ThemeSource theme(ThemeKind::Dark);
        for (const samples::Sample& sample : samples::all()) {
            theme.setKind(ThemeKind::Dark);
            const std::unique_ptr<PlotFrame> plot = sample.make(theme);
            plot->resize(480, 320);
            plot->show();
            theme.setKind(ThemeKind::Light);
            plot->refreshNow();
            const QColor corner = plot->grab().toImage().pixelColor(3, 300);
            QVERIFY2(corner == Theme::of(ThemeKind::Light).panel, sample.name);
        }
    }
};

}  // namespace fm

QTEST_MAIN(fm::TestPlots)
#include "test_plots.moc"
