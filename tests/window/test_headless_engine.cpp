// The window behind an engine that was built without Qt and HDF5, in another directory: a run is followed, the engine
// is killed, the run goes on, and the run file here says what the engine's own record says. FM_HEADLESS_ENGINE: the
// engine (`build/headless/bin/flashmorph`); .ci/run builds it and runs this test.
#include <QFile>
#include <QToolButton>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/gui/window_toolbar.h"
#include "core/store/jsonl_import.h"
#include "core/store/run_reader.h"
#include "tests/store/file_difference.h"
#include "tests/window/remote_engine.h"
#include "tests/window/window_fixture.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/status_panel.h"

using namespace fm;
using fixture::Window;

namespace {

constexpr int kWaitMs = 30000;
constexpr int kSteps = 30;
// Long enough to be killed in the middle.
const nlohmann::json kShortRun = {
    {"steps", kSteps}, {"tokens_per_step", 256}, {"probe_sequences", 0}, {"swap_refine", false}};

}  // namespace

class TestHeadlessEngine : public QObject {
    Q_OBJECT

    fixture::RemoteEngine there_;
    const QString program_ = qEnvironmentVariable("FM_HEADLESS_ENGINE");
    QString home() const { return there_.home(); }
    std::unique_ptr<Window> w_;
    QString run_;

    void compareWithTheRecord();

private Q_SLOTS:
    void initTestCase();
    void itsStudyOpens();
    void aRunIsFollowedAndKilled();
    void theRunGoesOnAndIsTheSame();
    void cleanupTestCase() { w_.reset(); }
};

void TestHeadlessEngine::initTestCase() {
    if (program_.isEmpty()) QSKIP("FM_HEADLESS_ENGINE names no engine; .ci/run builds one and runs this test");
    qputenv("XDG_DATA_HOME", there_.here("data").toUtf8());
    registerFonts();
    applyTheme(*qApp, ThemeKind::Dark);
    const QString why = there_.make(program_);
    QVERIFY2(why.isEmpty(), qPrintable(why));
    QVERIFY(QDir(home() + "/study/runs").removeRecursively());  // HDF5, which this engine cannot read
    QVERIFY(QDir(home() + "/study").mkdir("runs"));
}

void TestHeadlessEngine::itsStudyOpens() {
    w_ = std::make_unique<Window>(there_.here("settings.ini"));
    w_->bench.engine().start(there_.command());
    QVERIFY(w_->bench.openStudy("study"));  // there is none of that name here
    QTRY_VERIFY_WITH_TIMEOUT(w_->bench.engine().mirror(), kWaitMs);
    QTRY_VERIFY_WITH_TIMEOUT(w_->window.toolbar().controls().start().isEnabled(), kWaitMs);
}

void TestHeadlessEngine::aRunIsFollowedAndKilled() {
    Workbench& bench = w_->bench;
    bench.engine().startJob("gates", kShortRun);
    QTRY_VERIFY_WITH_TIMEOUT(bench.source().isLive() && bench.run().rowsOf("steps") > 5, kWaitMs);
    run_ = bench.run().runId();
    QVERIFY(there_.kill());
    QTRY_COMPARE_WITH_TIMEOUT(bench.engine().lostRun(), run_, kWaitMs);
    QVERIFY(bench.run().rowsOf("steps") < kSteps);
    QVERIFY(w_->window.status().findChild<QToolButton*>("statusResume")->isVisible());
}

// What the engine recorded as JSON lines, imported by other code than that which copied it here.
void TestHeadlessEngine::compareWithTheRecord() {
    const QString record = home() + "/study/runs/" + run_ + ".jsonl", imported = there_.here("imported.h5");
    QVERIFY(QFile::exists(record));
    importJsonl(record.toStdString(), imported.toStdString());
    const std::string difference = testing::fileDifference(RunReader(w_->bench.study().runPath(run_).toStdString()),
                                                           RunReader(imported.toStdString()));
    QVERIFY2(difference.empty(), difference.c_str());
}

void TestHeadlessEngine::theRunGoesOnAndIsTheSame() {
    Workbench& bench = w_->bench;
    QTest::mouseClick(w_->window.status().findChild<QToolButton*>("statusResume"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(bench.source().isLive() && bench.run().state() == RunState::Finished, kWaitMs);
    QCOMPARE(bench.run().rowsOf("steps"), std::int64_t(kSteps));
    for (int step = 0; step < kSteps; ++step)
        QCOMPARE(bench.run().numbers("steps/index")[std::size_t(step)], double(step));
    QTRY_COMPARE_WITH_TIMEOUT(w_->window.toolbar().controls().phase(), JobPhase::Idle, kWaitMs);
    const std::string copy = bench.study().runPath(run_).toStdString();
    QTRY_VERIFY_WITH_TIMEOUT(RunReader(copy).state() == RunState::Finished, kWaitMs);
    QTRY_VERIFY_WITH_TIMEOUT(bench.study().run(run_) && bench.study().run(run_)->summary.state == RunState::Finished,
                             kWaitMs);
    compareWithTheRecord();
}

QTEST_MAIN(TestHeadlessEngine)
#include "test_headless_engine.moc"
