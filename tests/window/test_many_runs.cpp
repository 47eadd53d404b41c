// A study of five hundred runs in the whole window: how soon it is listed and read, and that the window never stalls.
#include <QElapsedTimer>
#include <QThread>
#include <map>
#include <random>

#include "core/store/run_rows.h"
#include "tests/support/processor_time.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/compare_model.h"
#include "widgets/models/runs_model.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/runs_panel.h"

using namespace fm;
using fixture::threadMs;
using fixture::Window;

namespace {

constexpr int kRuns = 500;
// What counts is printed. A machine that does other work meanwhile may take this much longer.
constexpr double kSlack = 2;

// A recorded run of the built-in study: real tables, real columns, real rows.
struct Recorded {
    RunOpened header;
    std::vector<std::vector<Row>> rows;  // by table
};

std::map<std::string, Recorded> recordedByJob() {
    std::map<std::string, Recorded> jobs;
    const QDir folder(FM_SOURCE_DIR "/resources/study/runs");
    for (const QString& name : folder.entryList({"*.h5"}, QDir::Files, QDir::Name)) {
        const RunReader reader(folder.filePath(name).toStdString());
        Recorded& recorded = jobs[reader.header().job];
        if (!recorded.rows.empty()) continue;
        recorded.header = reader.header();
        for (std::size_t t = 0; t < reader.header().tables.size(); ++t)
            recorded.rows.push_back(readRows(reader, static_cast<int>(t), 0, 400));
    }
    return jobs;
}

// As many jobs of each kind as a person makes who drags the budget and lets it rest.
std::string jobOf(int i) {
    constexpr const char* some[] = {"gates", "gates", "select", "eval", "interact", "eval"};
    return i % 20 < 6 ? some[i % 20] : "probe";
}

void writeRun(const Study& study, const Recorded& from, int i, std::mt19937& random) {
    char time[32];
    std::snprintf(time, sizeof time, "2026%02d%02dT%02d%02d%02dZ", 1 + i / 280, 1 + i / 20 % 14, i % 20, 7, i % 60);
    RunOpened header = from.header;
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06x", i);
    header.run_id = std::string(time) + "-" + header.job + "-" + digits;
    fixture::Writer writer(study.runsFolder(), header);
    std::uniform_real_distribution<double> recall(0.1, 0.95);
    for (std::size_t t = 0; t < from.rows.size(); ++t) {
        for (Row row : from.rows[t]) {
            if (header.job == "probe") {  // another plan each time, and another result
                std::string& plan = std::get<std::string>(row[1]);
                std::shuffle(plan.begin(), plan.end(), random);
                row[3] = 0.5 * recall(random);
                row[7] = recall(random);
            }
            writer.row(static_cast<int>(t), std::move(row));
        }
    }
    writer.finish();
}

QString writeStudy(const QTemporaryDir& folder) {
    const std::map<std::string, Recorded> jobs = recordedByJob();
    StudyInfo info{.name = "many", .teacher_path = "/none"};
    info.teacher_hash = jobs.at("gates").header.teacher_hash;
    const Study study = Study::create(folder.filePath("many").toStdString(), info);
    std::mt19937 random(7);
    for (int i = 0; i < kRuns; ++i) writeRun(study, jobs.at(jobOf(i)), i, random);
    return QString::fromStdString(study.folder());
}

// Measures every event that the loop hands out: what one of them takes nobody can divide.
class MeasuringApplication : public QApplication {
public:
    using QApplication::QApplication;
    bool notify(QObject* receiver, QEvent* event) override {
        const double before = threadMs();
        ++depth_;
        const bool result = QApplication::notify(receiver, event);
        if (--depth_ == 0) longest_event = std::max(longest_event, threadMs() - before);
        return result;
    }
    double longest_event = 0;  // ms of processor time

private:
    int depth_ = 0;
};

struct Times {
    double open = 0;                     // the call that opens the study
    double listed = -1, read = -1;       // since that call, by the clock
    double worst_pass = 0;               // of the event loop, by the clock
    double worst_pass_cpu = 0, cpu = 0;  // of the window's thread
    double worst_event_cpu = 0;
};

Times openStudy(Window& w, const QString& folder) {
    Times times;
    QElapsedTimer clock, pass;
    const auto rows = [&w] { return w.window.panels().runs->model().rowCount(); };
    auto& application = *static_cast<MeasuringApplication*>(qApp);
    application.longest_event = 0;
    const double cpu_before = threadMs();
    clock.start();
    w.bench.openStudy(folder);
    times.open = static_cast<double>(clock.nsecsElapsed()) / 1e6;
    times.worst_pass = times.open;
    times.worst_pass_cpu = threadMs() - cpu_before;
    int quiet = 0;
    while (quiet < 40 && clock.elapsed() < 30000) {
        const double before = threadMs();
        pass.start();
        QCoreApplication::processEvents();
        times.worst_pass = std::max(times.worst_pass, static_cast<double>(pass.nsecsElapsed()) / 1e6);
        times.worst_pass_cpu = std::max(times.worst_pass_cpu, threadMs() - before);
        if (times.listed < 0 && rows() == kRuns) times.listed = static_cast<double>(clock.elapsed());
        if (times.read < 0 && !w.bench.study().loading() && rows() == kRuns)
            times.read = static_cast<double>(clock.elapsed());
        quiet = times.read >= 0 ? quiet + 1 : 0;
        QThread::msleep(1);
    }
    times.cpu = threadMs() - cpu_before;
    times.worst_event_cpu = application.longest_event;
    return times;
}

}  // namespace

class TestManyRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    void opensWithinASecondAndNeverStalls() {
        const QTemporaryDir folder;
        const QString study = writeStudy(folder);
        Window w(folder.filePath("settings.ini"));
        for (int i = 0; i < 20; ++i) QCoreApplication::processEvents();  // the window's first paint
        const Times times = openStudy(w, study);
        qInfo("%d runs: opened in %.1f ms, listed after %.0f ms, all read after %.0f ms", kRuns, times.open,
              times.listed, times.read);
        qInfo(
            "longest pass of the event loop %.1f ms (%.1f ms of processor time), longest event in it %.1f ms of "
            "processor time; the window's thread worked %.0f ms",
            times.worst_pass, times.worst_pass_cpu, times.worst_event_cpu, times.cpu);
        const StudyState& state = w.bench.study();
        QCOMPARE(state.runs().size(), std::size_t(kRuns));
        // Every view has what it shows: figures of the newest run, plans to compare, the shown run.
        QVERIFY(state.runs().back().figures.recall.has_value());
        QVERIFY(state.measurements().plans.size() > std::size_t(kRuns) / 2);
        QVERIFY(w.bench.run().isOpen());
        QVERIFY2(times.listed >= 0 && times.listed < kSlack * 300, qPrintable(QString::number(times.listed)));
        QVERIFY2(times.read >= 0 && times.read < kSlack * 1000, qPrintable(QString::number(times.read)));
        // On a machine that does other work, timers that are due wait for each other and share a pass.
        QVERIFY2(times.worst_event_cpu < kSlack * 16, qPrintable(QString::number(times.worst_event_cpu)));
        QVERIFY2(times.worst_pass_cpu < 2 * kSlack * 16, qPrintable(QString::number(times.worst_pass_cpu)));
    }
};

int main(int argc, char** argv) {
    MeasuringApplication application(argc, argv);
    TestManyRuns test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_many_runs.moc"
