// Brushing in parallel coordinates, by mouse and by keyboard.
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

#include "tests/plots/plot_samples.h"
#include "widgets/plots/parallel_plot.h"

namespace fm {

using Ids = std::vector<QString>;

class TestParallelPlot : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        qRegisterMetaType<std::vector<QString>>();
    }

    void init() {
        plot_ = std::make_unique<ParallelPlot>(theme_);
        plot_->setAxes({{"K", "layers"}, {"lr", "", true}, {"recall", ""}});
        plot_->setLines({{"a", "run a", {2, 0.001, 0.6}},
                         {"b", "run b", {4, 0.01, 0.8}},
                         {"c", "run c", {8, 0.1, 0.9}},
                         {"d", "run d", {8, std::nan(""), 0.7}},
                         {"t", "teacher", {30, std::nan(""), 1.0}, true}});
        plot_->resize(480, 320);
        plot_->show();
        plot_->refreshNow();
    }

    void brushesOnSeveralAxesMustAllHold() {
        QSignalSpy brushed(plot_.get(), &ParallelPlot::brushed);
        QCOMPARE(plot_->keptIds(), (Ids{"a", "b", "c", "d", "t"}));
        plot_->setBrush(0, std::pair(4.0, 10.0));
        QCOMPARE(plot_->keptIds(), (Ids{"b", "c", "d", "t"}));
        plot_->setBrush(2, std::pair(1.0, 0.75));  // either way round
        QCOMPARE(plot_->keptIds(), (Ids{"b", "c", "t"}));
        plot_->setBrush(1, std::pair(0.0, 1.0));
        QCOMPARE(plot_->keptIds(), (Ids{"b", "c", "t"}));  // d has no learning rate, but recall already left it out
        plot_->setBrush(2, std::nullopt);
        QCOMPARE(plot_->keptIds(), (Ids{"b", "c", "t"}));  // a missing value lies in no brush
        QCOMPARE(brushed.count(), 4);
        plot_->clearBrushes();
        QCOMPARE(plot_->keptIds().size(), std::size_t(5));
    }

    void draggingAlongAnAxisBrushesIt() {
        QWidget* canvas = canvasOf();
        press(canvas, plot_->pixelOf(2, 0.65));
        move(canvas, plot_->pixelOf(2, 0.92));
        release(canvas, plot_->pixelOf(2, 0.92));
        QVERIFY(plot_->brush(2));
        QVERIFY(std::abs(plot_->brush(2)->first - 0.65) < 0.01);
        QVERIFY(std::abs(plot_->brush(2)->second - 0.92) < 0.01);
        QCOMPARE(plot_->keptIds(), (Ids{"b", "c", "d", "t"}));
        // Dragging inside moves it, keeping its length.
        press(canvas, plot_->pixelOf(2, 0.8));
        move(canvas, plot_->pixelOf(2, 0.75));
        release(canvas, plot_->pixelOf(2, 0.75));
        QVERIFY(std::abs(plot_->brush(2)->first - 0.60) < 0.01);
        QVERIFY(std::abs(plot_->brush(2)->second - 0.87) < 0.01);
        // A click clears it.
        press(canvas, plot_->pixelOf(2, 0.7));
        release(canvas, plot_->pixelOf(2, 0.7));
        QVERIFY(!plot_->brush(2));
    }

    void aClickOnALineNamesIt() {
        QSignalSpy clicked(plot_.get(), &ParallelPlot::lineClicked);
        const QPoint middle = (plot_->pixelOf(1, 0.01) + plot_->pixelOf(2, 0.8)) / 2;
        press(canvasOf(), middle);
        release(canvasOf(), middle);
        QCOMPARE(clicked.count(), 1);
        QCOMPARE(clicked.at(0).at(0).toString(), QString("b"));
    }

    void everythingWorksByKeyboard() {
        plot_->activateWindow();
        plot_->setFocus();
        QVERIFY(QTest::qWaitForWindowActive(plot_.get()));
        QTest::keyClick(plot_.get(), Qt::Key_Right);
        QTest::keyClick(plot_.get(), Qt::Key_Right);  // recall
        QTest::keyClick(plot_.get(), Qt::Key_Return);
        QVERIFY(plot_->brush(2));
        QCOMPARE(plot_->brush(2)->first, 0.8);
        QTest::keyClick(plot_.get(), Qt::Key_Up);
        QVERIFY(std::abs(plot_->brush(2)->first - 0.82) < 1e-9);
        QTest::keyClick(plot_.get(), Qt::Key_Down, Qt::ShiftModifier);
        QVERIFY(std::abs(plot_->brush(2)->second - 0.98) < 1e-9);
        QTest::keyClick(plot_.get(), Qt::Key_Home);
        QVERIFY(!plot_->brush(2));
    }

    void oddDataAreDrawn() {
        plot_->setLines({{"a", "only one", {3, -1, 0.5}}});
        plot_->refreshNow();
        QVERIFY(!plot_->grab().isNull());
        plot_->setLines({{"a", "too short", {3}}, {"b", "nothing", {}}});
        plot_->refreshNow();
        QVERIFY(!plot_->grab().isNull());
        plot_->setAxes({{"K", ""}});
        plot_->setLines({{"a", "one axis", {3}}});
        plot_->refreshNow();
        QVERIFY(!plot_->grab().isNull());
        plot_->setBrush(7, std::pair(0.0, 1.0));
        QVERIFY(!plot_->brush(7));
    }

private:
    QWidget* canvasOf() { return plot_->childAt(plot_->rect().center()); }
    void press(QWidget* canvas, const QPoint& at) {
        QTest::mousePress(canvas, Qt::LeftButton, {}, canvas->mapFrom(plot_.get(), at));
    }
    void release(QWidget* canvas, const QPoint& at) {
        QTest::mouseRelease(canvas, Qt::LeftButton, {}, canvas->mapFrom(plot_.get(), at));
    }
    void move(QWidget* canvas, const QPoint& at) {
        const QPoint local = canvas->mapFrom(plot_.get(), at);
        QMouseEvent event(QEvent::MouseMove, local, canvas->mapToGlobal(local), Qt::NoButton, Qt::LeftButton, {});
        QApplication::sendEvent(canvas, &event);
    }

    ThemeSource theme_{ThemeKind::Dark};
    std::unique_ptr<ParallelPlot> plot_;
};

}  // namespace fm

QTEST_MAIN(fm::TestParallelPlot)
#include "test_parallel_plot.moc"
