// The whole window over recorded runs: docks, layout kept and restored, shortcuts, first picture.
#include <QAbstractButton>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QMenu>
#include <QMenuBar>
#include <QSignalSpy>

#include "app/gui/built_in_study.h"
#include "app/gui/window_toolbar.h"
#include "tests/window/window_fixture.h"
#include "widgets/panels/gates_panel.h"
#include "widgets/panels/handbook_view.h"
#include "widgets/panels/objective_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/retrieval_panel.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/retrieval_live_plot.h"

using namespace fm;
using fixture::makeStudy;
using fixture::Window;

namespace {

void collect(const QMenu& menu, QList<QAction*>& actions) {
    for (QAction* action : menu.actions()) {
        if (action->menu()) collect(*action->menu(), actions);
        actions << action;
    }
}

}  // namespace

class TestMainWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    void isOnTheScreenWithinASecond() {
        QTemporaryDir folder;
        QElapsedTimer timer;
        timer.start();
        Window w(folder.filePath("settings.ini"));
        QVERIFY(QTest::qWaitForWindowExposed(&w.window));
        const qint64 ms = timer.elapsed();
        qInfo("window shown after %lld ms", static_cast<long long>(ms));
        QVERIFY(ms < 1000);
    }

    void showsTheNewestGateRunOfAStudy() {
        QTemporaryDir folder;
        const QString study = makeStudy(folder, 12);
        Window w(folder.filePath("settings.ini"));
        QVERIFY(w.bench.openStudy(study));
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        QCOMPARE(QString::fromStdString(w.bench.plan().key()), QString("FFLLLLLLLLLL"));
        QCOMPARE(w.bench.cursor().step(), 19);
        QTRY_VERIFY(w.bench.cost().isComplete());
        QCOMPARE(w.settings.recentStudies().value(0), study);
        QTRY_VERIFY(w.window.panels().plan->strip().stripLayout().num_layers == 12);
    }

    void theBuiltInStudyIsThereBeforeAnyEngine() {
        QTemporaryDir folder;
        const QString study = folder.filePath("data/built-in");
        QString why;
        QVERIFY2(makeBuiltInStudy(study, FM_SOURCE_DIR "/resources", why), qPrintable(why));
        Window w(folder.filePath("settings.ini"));
        QVERIFY(w.bench.openStudy(study));
        QTRY_VERIFY(!w.bench.study().loading());
        QVERIFY(!w.bench.study().newestRun("gates").isEmpty());
        QVERIFY(!w.bench.study().newestRun("interact").isEmpty());
        QVERIFY(!w.bench.study().newestRun("eval").isEmpty());
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        // The recorded runs were made with the branch set that ships: its file says so itself.
        const QString id = QString::fromStdString(w.bench.study().measurements().branches);
        QFile branches(study + "/branches/" + id + ".safetensors");
        QVERIFY(branches.open(QIODevice::ReadOnly));
        QVERIFY(branches.read(1 << 16).contains(w.bench.study().info().teacher_hash.c_str()));
        // A second start leaves it alone.
        QVERIFY(makeBuiltInStudy(study, "/nowhere", why));
    }

    void theBuiltInStudyIsMeasured() {
        QTemporaryDir folder;
        QString why;
        QVERIFY(makeBuiltInStudy(folder.filePath("study"), FM_SOURCE_DIR "/resources", why));
        Window w(folder.filePath("settings.ini"));
        QVERIFY(w.bench.openStudy(folder.filePath("study")));
        QTRY_VERIFY(!w.bench.study().loading());
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        if (w.bench.study().measurements().runs_without_identity > 0) QSKIP("recorded before probes had an identity");
        QVERIFY(w.bench.cost().isComplete());
        QVERIFY(w.bench.cost().predictor().ready());
    }

    void stepAxesAreLinked() {
        QTemporaryDir folder;
        QString why;
        QVERIFY(makeBuiltInStudy(folder.filePath("study"), FM_SOURCE_DIR "/resources", why));
        Window w(folder.filePath("settings.ini"));
        QVERIFY(QTest::qWaitForWindowExposed(&w.window));
        w.bench.openStudy(folder.filePath("study"));
        QTRY_VERIFY(w.bench.run().rowsOf("steps") > 50);
        GatesHeatmap& gates = w.window.panels().gates->heatmap();
        ObjectivePlot& objective = w.window.panels().objective->plot();
        RetrievalLivePlot& retrieval = w.window.panels().retrieval->live();
        for (ChartPlot* plot : std::initializer_list<ChartPlot*>{&gates, &objective, &retrieval}) plot->refreshNow();
        QCOMPARE(retrieval.xRange(), objective.xRange());  // also where the run was probed at few of its steps
        gates.zoomBy(0.25);
        QCOMPARE(objective.xRange(), gates.xRange());
        QCOMPARE(retrieval.xRange(), gates.xRange());
        QTest::keyClick(&retrieval, Qt::Key_Right);  // pans
        QCOMPARE(gates.xRange(), retrieval.xRange());
        QTest::keyClick(&objective, Qt::Key_Right, Qt::ShiftModifier);  // moves the read-out
        QVERIFY(objective.overlay().readOut() && !gates.overlay().readOut());
        QVERIFY(gates.overlay().linkedLine() && retrieval.overlay().linkedLine());
        QTest::keyClick(&objective, Qt::Key_Escape);
        QVERIFY(!gates.overlay().linkedLine() && !retrieval.overlay().linkedLine());
        objective.resetView();
        QVERIFY(!gates.userHasZoomed() && !retrieval.userHasZoomed());
    }

    void restoresTheLastLayout() {
        QTemporaryDir folder;
        const QString ini = folder.filePath("settings.ini");
        {
            Window w(ini);
            QVERIFY(QTest::qWaitForWindowExposed(&w.window));
            w.window.docks().dock("objective")->hide();
            w.window.addDockWidget(Qt::BottomDockWidgetArea, w.window.docks().dock("gates"));
            w.window.close();
        }
        {
            Window w(ini);
            QVERIFY(w.window.docks().dock("objective")->isHidden());
            QCOMPARE(w.window.dockWidgetArea(w.window.docks().dock("gates")), Qt::BottomDockWidgetArea);
            w.window.resetLayout();
            QVERIFY(!w.window.docks().dock("objective")->isHidden());
            QCOMPARE(w.window.dockWidgetArea(w.window.docks().dock("gates")), Qt::RightDockWidgetArea);
        }
        // A layout of another version is forgotten, not half restored.
        QSettings(ini, QSettings::IniFormat).setValue("window/version", Settings::kLayoutVersion + 1);
        Window w(ini);
        QVERIFY(!w.window.docks().dock("objective")->isHidden());
    }

    void damagedLayoutIsForgotten() {
        QTemporaryDir folder;
        const QString ini = folder.filePath("settings.ini");
        {
            Window w(ini);
            QVERIFY(QTest::qWaitForWindowExposed(&w.window));
            w.window.docks().dock("objective")->hide();
            w.window.close();
        }
        QSettings kept(ini, QSettings::IniFormat);
        QByteArray layout = kept.value("window/layout").toByteArray();
        QVERIFY(layout.size() > 100);
        layout[layout.size() - 60] = static_cast<char>(layout[layout.size() - 60] ^ 1);
        kept.setValue("window/layout", layout);
        kept.sync();
        Window w(ini);
        QVERIFY(!w.window.docks().dock("objective")->isHidden());
    }

    void everyShortcutIsTakenOnce() {
        QTemporaryDir folder;
        Window w(folder.filePath("settings.ini"));
        QList<QAction*> actions;
        for (QAction* action : w.window.menuBar()->actions()) collect(*action->menu(), actions);
        QHash<QString, QString> taken;
        for (const QAction* action : actions) {
            for (const QKeySequence& key : action->shortcuts()) {
                QVERIFY2(!taken.contains(key.toString()),
                         qPrintable(key.toString() + ": " + taken[key.toString()] + " and " + action->text()));
                taken[key.toString()] = action->text();
            }
        }
        QVERIFY(taken.size() > 10);
    }

    // In a small window the help's dock has room for a few lines only.
    void theHandbookGetsRoom() {
        QTemporaryDir folder;
        Window w(folder.filePath("settings.ini"));
        w.window.resize(1280, 800);
        w.window.docks().arrange({1280, 800});
        QList<QAction*> actions;
        for (QAction* action : w.window.menuBar()->actions()) collect(*action->menu(), actions);
        for (QAction* action : actions)
            if (action->text() == "&Handbook") action->trigger();
        const QDockWidget* help = w.window.docks().dock("help");
        QVERIFY(help->isFloating());
        QVERIFY2(help->height() > 500 && help->width() > 500, qPrintable(QString::number(help->height())));
        QCOMPARE(help->findChild<HandbookView*>()->page(), QStringLiteral("README.md"));
        w.window.resetLayout();
        QVERIFY(!help->isFloating());
    }

    void everyControlHasATooltipAndAName() {
        QTemporaryDir folder;
        Window w(folder.filePath("settings.ini"));
        for (const QWidget* widget : w.window.findChildren<QWidget*>()) {
            const bool control = widget->focusPolicy() != Qt::NoFocus && widget->inherits("QAbstractButton");
            // Dialogs' buttons are tested where the dialogs are.
            if (!control || widget->isHidden() || widget->window() != &w.window ||
                widget->objectName().startsWith("qt_") || widget->inherits("QDockWidgetTitleButton") ||
                widget->parentWidget()->inherits("QTabBar")) {
                continue;
            }
            const auto* button = static_cast<const QAbstractButton*>(widget);
            QVERIFY2(!button->toolTip().isEmpty(), qPrintable("no tooltip: " + button->text() + button->objectName()));
            QVERIFY2(!button->text().isEmpty() || !button->accessibleName().isEmpty(),
                     qPrintable("no name: " + button->toolTip()));
        }
    }

    void rewindingShowsThatStepEverywhere() {
        QTemporaryDir folder;
        const QString study = makeStudy(folder, 12);
        Window w(folder.filePath("settings.ini"));
        w.bench.openStudy(study);
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        w.bench.cursor().setStep(3);
        QCOMPARE(w.bench.plan().ranking().score[11], double(fixture::meanOf(11, 12, 3)));
        QVERIFY(w.window.panels().plan->subtitle().contains("step 3"));
        w.bench.study().refresh();  // new data of the study move nothing
        QTest::qWait(100);
        QCOMPARE(w.bench.cursor().step(), 3);
    }
};

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
