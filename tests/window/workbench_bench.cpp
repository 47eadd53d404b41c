// What the window's promised speeds come to on this machine: one table at the end. The limits are for
// a machine that does nothing else; the test fails at several times as much, because others may compute beside it.
// FM_BENCH_FLOOD_S sets the length of the flood (6 s; 60 for the figure of record).
#include <unistd.h>

#include <QElapsedTimer>
#include <QFile>
#include <QSignalSpy>
#include <QSlider>
#include <QTimer>
#include <QToolButton>

#include "app/gui/built_in_study.h"
#include "app/gui/window_toolbar.h"
#include "tests/support/processor_time.h"
#include "tests/window/window_fixture.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/run_controls.h"

using namespace fm;
using fixture::threadMs;
using fixture::Window;

namespace {

constexpr int kWaitMs = 60000;
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

// The longest that the event loop was busy between two turns of a timer: by the clock on the wall, and in processor
// time of this thread, which other programs cannot lengthen.
class PassWatch {
public:
    PassWatch() {
        QObject::connect(&beat_, &QTimer::timeout, [this] { turn(); });
        beat_.start(1);
        wall_.start();
        cpu_ms_ = threadMs();
    }
    double worstWallMs() const { return worst_wall_ms_; }
    double worstCpuMs() const { return worst_cpu_ms_; }

private:
    void turn() {
        const double cpu_ms = threadMs();
        worst_cpu_ms_ = std::max(worst_cpu_ms_, cpu_ms - cpu_ms_);
        worst_wall_ms_ = std::max(worst_wall_ms_, static_cast<double>(wall_.nsecsElapsed()) / 1e6);
        wall_.restart();
        cpu_ms_ = cpu_ms;
    }
    QTimer beat_;
    QElapsedTimer wall_;
    double cpu_ms_ = 0, worst_cpu_ms_ = 0, worst_wall_ms_ = 0;
};

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
    void theEngineAnswers();
    void aFloodOf10kHz();
    void cleanupTestCase();

private:
    void add(const char* what, double value, double limit, const char* unit, double slack = kSlack) {
        figures_.push_back({what, value, limit, unit});
        QVERIFY2(value < limit * slack, qPrintable(QString("%1: %2 %3").arg(what).arg(value).arg(unit)));
    }
    void measureProbe(Window& w, const char* what);
    void press(QToolButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }

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
    const PassWatch watch;
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().state() == RunState::Finished, kWaitMs + 2 * static_cast<int>(steps / 10));
    add("10 kHz flood: longest turn of the event loop, processor time", watch.worstCpuMs(), 16, "ms");
    add("10 kHz flood: longest turn of the event loop, by the clock", watch.worstWallMs(), 16, "ms", kWallSlack);
    add("10 kHz flood: memory per row that is kept", (residentMb() - before_mb) * 1e6 / static_cast<double>(steps),
        1000,
        "byte");  // 250 of columns, 22 curves of 16 bytes, and what growing vectors keep
    const double due_ms = static_cast<double>(steps) / 10;
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") == steps, kWaitMs);
    add("10 kHz flood: engine late", 100 * (w.bench.run().numbers("steps/wall_ms").back() / due_ms - 1), 1, "%");
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

QTEST_MAIN(WorkbenchBench)
#include "workbench_bench.moc"
