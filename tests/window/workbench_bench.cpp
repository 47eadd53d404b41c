// What the window's promised speeds come to on this machine: one table at the end. The limits are for
// a machine that does nothing else; the test fails at several times as much, because others may compute beside it.
// FM_BENCH_FLOOD_S sets the length of the flood (6 s; 60 for the figure of record).
#include <unistd.h>

#include <QElapsedTimer>
#include <QFile>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSlider>
#include <QToolButton>
#include <QWheelEvent>

#include "app/gui/built_in_study.h"
#include "app/gui/docks.h"
#include "app/gui/window_toolbar.h"
#include "tests/window/many_runs.h"
#include "tests/window/measured_loop.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/runs_model.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/objective_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/parallel_plot.h"

using namespace fm;
using fixture::PassWatch;
using fixture::threadMs;
using fixture::Window;

namespace {

constexpr int kWaitMs = 60000;
constexpr int kRuns = 500;
constexpr double kSlack = 4;
constexpr double kWallSlack = 20;  // where every turn of another program counts

struct Figure {
    std::string what;
    double value, limit;
    const char* unit;
};

double residentMb() {
    QFile file("/proc/self/statm");
    if (!file.open(QIODevice::ReadOnly)) return 0;
    return file.readAll().split(' ').value(1).toDouble() * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace

class WorkbenchBench : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }
    void theWindowAppears();
    void theBudgetIsDraggedAt96Layers();
    void fiveHundredRuns();
    void theEngineAnswers();
    void aFloodOf10kHz();
    void cleanupTestCase();

private:
    void add(const char* what, double value, double limit, const char* unit, double slack = kSlack) {
        figures_.push_back({what, value, limit, unit});
        QVERIFY2(value < limit * slack, qPrintable(QString("%1: %2 %3").arg(what).arg(value).arg(unit)));
    }
    void measureProbe(Window& w, const char* what);
    void scrollRuns(Window& w);
    void brushRuns(Window& w);
    void zoom(Window& w);
    void press(QToolButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }

    static fixture::MeasuredApplication& application() {
        return *static_cast<fixture::MeasuredApplication*>(QCoreApplication::instance());
    }

    std::vector<Figure> figures_;
};

void WorkbenchBench::theWindowAppears() {
    const QTemporaryDir folder;
    QElapsedTimer timer;
    timer.start();
    Window w(folder.filePath("settings.ini"));
    QVERIFY(QTest::qWaitForWindowExposed(&w.window));
    add("window on the screen", static_cast<double>(timer.elapsed()), 1000, "ms");
}

// Plan, cost, prediction and all that shows them, painted.
void WorkbenchBench::theBudgetIsDraggedAt96Layers() {
    const QTemporaryDir folder;
    const QString study = fixture::makeStudy(folder, 96);
    Window w(folder.filePath("settings.ini"));
    QVERIFY(w.bench.openStudy(study));
    QTRY_COMPARE(w.bench.plan().numLayers(), 96);
    QTest::qWait(500);
    double worst_ms = 0, sum_ms = 0;
    w.bench.plan().beginBudgetDrag();
    for (int budget = 2; budget < 95; ++budget) {
        const double begin = threadMs();
        w.bench.plan().setBudget(budget);
        QCoreApplication::processEvents();
        const double ms = threadMs() - begin;
        worst_ms = std::max(worst_ms, ms);
        sum_ms += ms;
    }
    w.bench.plan().endBudgetDrag();
    add("budget drag, 96 layers: mean step, processor time", sum_ms / 93, 16, "ms");
    add("budget drag, 96 layers: worst step, processor time", worst_ms, 16, "ms");
}

void WorkbenchBench::fiveHundredRuns() {
    const QTemporaryDir folder;
    const QString study = fixture::writeManyRuns(folder, kRuns);
    Window w(folder.filePath("settings.ini"));
    for (int i = 0; i < 20; ++i) QCoreApplication::processEvents();  // the window's first paint
    application().takeLongestEventMs();
    QElapsedTimer timer;
    timer.start();
    QVERIFY(w.bench.openStudy(study));
    QTRY_COMPARE_WITH_TIMEOUT(w.window.panels().runs->model().rowCount(), kRuns, kWaitMs);
    add("500 runs: listed", static_cast<double>(timer.elapsed()), 1000, "ms");
    QTRY_VERIFY_WITH_TIMEOUT(!w.bench.study().loading(), kWaitMs);
    add("500 runs: all read", static_cast<double>(timer.elapsed()), 1000, "ms");
    // Every view has what it shows: figures of the newest run, plans to compare, the shown run.
    QVERIFY(w.bench.study().runs().back().figures.recall.known());
    QVERIFY(w.bench.study().measurements().plans.size() > std::size_t(kRuns) / 2);
    QVERIFY(w.bench.run().isOpen());
    QTest::qWait(300);
    add("500 runs: longest event while they open", application().takeLongestEventMs(), 16, "ms");
    scrollRuns(w);
    brushRuns(w);
}

void WorkbenchBench::scrollRuns(Window& w) {
    auto* table = w.window.panels().runs->findChild<QTableView*>();
    QVERIFY(table && table->verticalScrollBar()->maximum() > 0);
    const QPointF at(20, 40);
    int lowest = 0;
    application().takeLongestEventMs();
    for (int turn = 0; turn < 120; ++turn) {
        const QPoint notch(0, turn < 80 ? -360 : 360);
        QWheelEvent wheel(at, table->viewport()->mapToGlobal(at), {}, notch, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(table->viewport(), &wheel);
        QCoreApplication::processEvents();
        lowest = std::max(lowest, table->verticalScrollBar()->value());
    }
    QCOMPARE(lowest, table->verticalScrollBar()->maximum());  // it did scroll, to the end
    add("500 runs: scrolling the table, longest event", application().takeLongestEventMs(), 16, "ms");
}

// Dragged along an axis by the mouse: the lines, and the rows of the table behind them.
void WorkbenchBench::brushRuns(Window& w) {
    ComparePanel& compare = *w.window.panels().compare;
    w.window.docks().raise("compare");
    compare.showView(ComparePanel::View::Parallel);
    QTest::qWait(300);
    ParallelPlot& plot = compare.parallel();
    QVERIFY(plot.isVisible() && !plot.keptIds().empty());
    const std::size_t all = plot.keptIds().size();
    application().takeLongestEventMs();
    for (int turn = 0; turn < 60; ++turn) {
        plot.setBrush(1, std::pair(0.3, 0.4 + 0.01 * turn));
        QCoreApplication::processEvents();
    }
    QVERIFY(plot.keptIds().size() < all);
    add("500 runs: brushing parallel coordinates, longest event", application().takeLongestEventMs(), 16, "ms");
}

// From the request, which goes out when the plan has rested, to the measured tile.
void WorkbenchBench::measureProbe(Window& w, const char* what) {
    int budget = w.bench.plan().budget();
    do {
        w.bench.plan().setBudget(++budget);
    } while (w.bench.cost().measured() && budget < 11);
    QVERIFY2(!w.bench.cost().measured(), "every budget of the built-in study is measured already");
    QSignalSpy asked(&w.bench.cost(), &CostState::probeWanted);
    QTRY_COMPARE_WITH_TIMEOUT(asked.count(), 1, kWaitMs);
    QElapsedTimer timer;
    timer.start();
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.cost().measured().has_value(), kWaitMs);
    add(what, static_cast<double>(timer.elapsed()), 500, "ms");
}

// The engine that ships, on the study that ships.
void WorkbenchBench::theEngineAnswers() {
    const QTemporaryDir folder;
    const QString study = folder.filePath("built-in");
    QString why;
    QVERIFY2(makeBuiltInStudy(study, FM_SOURCE_DIR "/resources", why), qPrintable(why));
    QElapsedTimer timer;
    timer.start();
    Window w(folder.filePath("settings.ini"));
    w.bench.engine().start(FM_PROGRAM);
    QVERIFY(w.bench.openStudy(study));
    RunControls& controls = w.window.toolbar().controls();
    QTRY_VERIFY_WITH_TIMEOUT(controls.start().isEnabled(), kWaitMs);
    press(controls.start());
    QTRY_COMPARE_WITH_TIMEOUT(controls.phase(), JobPhase::Running, kWaitMs);
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().isOpen() && w.bench.run().state() == RunState::Running, kWaitMs);
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") >= 2, kWaitMs);
    add("start of the window to the live run's second step", static_cast<double>(timer.elapsed()), 3000, "ms");

    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") >= 6, kWaitMs);
    const std::span<const double> wall_ms = w.bench.run().numbers("steps/wall_ms");
    const double step_ms = (wall_ms.back() - wall_ms.front()) / static_cast<double>(wall_ms.size() - 1);
    timer.restart();
    press(controls.pause());
    QTRY_COMPARE_WITH_TIMEOUT(controls.phase(), JobPhase::Paused, kWaitMs);
    add("pause acknowledged, of one step's time + 100 ms", static_cast<double>(timer.elapsed()), step_ms + 100, "ms");
    measureProbe(w, "first probe of the built-in model");
    measureProbe(w, "next probe of the built-in model");
    timer.restart();
    press(controls.stop());
    QTRY_COMPARE_WITH_TIMEOUT(controls.phase(), JobPhase::Idle, kWaitMs);
    add("stop acknowledged", static_cast<double>(timer.elapsed()), step_ms + 100, "ms");
}

void WorkbenchBench::aFloodOf10kHz() {
    const int seconds = std::max(1, qEnvironmentVariableIntValue("FM_BENCH_FLOOD_S"));
    const std::int64_t steps = 10000LL * (qEnvironmentVariableIsSet("FM_BENCH_FLOOD_S") ? seconds : 6);
    const QTemporaryDir folder;
    const Study study = Study::create(folder.filePath("study").toStdString(), {.name = "flood", .teacher_path = "/no"});
    Window w(folder.filePath("settings.ini"));
    QVERIFY(w.bench.openStudy(QString::fromStdString(study.folder())));
    w.bench.engine().start(QString("'%1' --script flood --steps %2 --runs '%3'")
                               .arg(FM_FAKE_ENGINE)
                               .arg(steps)
                               .arg(QString::fromStdString(study.runsFolder())));
    RunControls& controls = w.window.toolbar().controls();
    QTRY_VERIFY_WITH_TIMEOUT(controls.start().isEnabled(), kWaitMs);
    press(controls.start());
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") > 1000, kWaitMs);
    const double before_mb = residentMb();
    application().takeLongestEventMs();
    const PassWatch watch;
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().state() == RunState::Finished, kWaitMs + 2 * static_cast<int>(steps / 10));
    add("10 kHz flood: longest event, processor time", application().takeLongestEventMs(), 16, "ms");
    add("10 kHz flood: longest turn of the event loop, processor time", watch.worstCpuMs(), 16, "ms");
    add("10 kHz flood: longest turn of the event loop, by the clock", watch.worstWallMs(), 16, "ms", kWallSlack);
    add("10 kHz flood: memory per row that is kept", (residentMb() - before_mb) * 1e6 / static_cast<double>(steps),
        1000,
        "byte");  // 250 of columns, 22 curves of 16 bytes, and what growing vectors keep
    const double due_ms = static_cast<double>(steps) / 10;
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") == steps, kWaitMs);
    add("10 kHz flood: engine late", 100 * (w.bench.run().numbers("steps/wall_ms").back() / due_ms - 1), 1, "%");
    zoom(w);
}

void WorkbenchBench::zoom(Window& w) {
    ObjectivePlot& plot = w.window.panels().objective->plot();
    QVERIFY(plot.isVisible());
    application().takeLongestEventMs();
    for (int turn = 0; turn < 40; ++turn) {
        plot.zoomBy(turn < 20 ? 1.25 : 0.8);
        QTest::qWait(40);
    }
    add("after the flood: zoom in the objective, longest event", application().takeLongestEventMs(), 16, "ms");
}

void WorkbenchBench::cleanupTestCase() {
    std::string table = "\n";
    char line[200];
    for (const Figure& f : figures_) {
        std::snprintf(line, sizeof line, "%-66s %9.1f %-4s limit %7.0f%s\n", f.what.c_str(), f.value, f.unit, f.limit,
                      f.value < f.limit ? "" : "   over");
        table += line;
    }
    qInfo("%s", table.c_str());
}

int main(int argc, char** argv) {
    fixture::MeasuredApplication application(argc, argv);
    WorkbenchBench bench;
    return QTest::qExec(&bench, argc, argv);
}
#include "workbench_bench.moc"
