// The window with the real engine and the built-in teacher at the other end.
#include <QDir>
#include <QFileInfo>
#include <QToolButton>

#include <nlohmann/json.hpp>

#include "app/gui/opening.h"
#include "app/gui/window_toolbar.h"
#include "tests/panels/cut_texts.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/job_form.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/status_panel.h"

using namespace fm;
using fixture::Window;

namespace {

constexpr int kWaitMs = 60000;

}  // namespace

class TestWindowEngine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }

    // First start without recorded runs: the engine makes the study, and the next thing to do is to run the gates.
    void theFirstStudyNeedsNoRecordedRuns() {
        QTemporaryDir folder;
        const QString resources = folder.filePath("resources");
        QVERIFY(QDir().mkpath(resources));
        QVERIFY(QFile::link(FM_SOURCE_DIR "/resources/models", resources + "/models"));
        Window w(folder.filePath("settings.ini"), resources);
        const QString study = folder.filePath("data/built-in");
        w.window.opening().openBuiltIn(study);  // before the engine is there, as at the program's start
        w.bench.engine().start(FM_PROGRAM);
        RunControls& controls = w.window.toolbar().controls();
        QTRY_VERIFY_WITH_TIMEOUT(controls.start().isEnabled(), kWaitMs);
        QCOMPARE(w.window.problems().rowCount(), 0);
        QCOMPARE(w.bench.study().folder(), study);
        QCOMPARE(w.bench.study().name(), QString("built-in"));
        QVERIFY(w.bench.study().info().artifacts.size() == 1);  // the branch set
        QCOMPARE(controls.start().text(), QString("Run it live"));
        QVERIFY(w.bench.cost().shape().has_value());
        QVERIFY2(w.window.status().text().contains("No run is shown"), qPrintable(w.window.status().text()));
        for (const char* job : {"align", "gates", "select", "interact", "eval", "distill"}) {
            QTest::mouseClick(w.window.toolbar().findChild<QToolButton*>(job), Qt::LeftButton);
            JobForm& form = *w.window.panels().job;
            QTRY_COMPARE_WITH_TIMEOUT(form.job(), QString(job), kWaitMs);
            QTest::qWait(100);
            const QStringList wrong = fixture::cutTexts(form) + fixture::collisions(form);
            QVERIFY2(wrong.isEmpty(), qPrintable(QString(job) + ":\n" + wrong.join("\n")));
            QCOMPARE(w.window.size(), QSize(1280, 800));  // nothing has asked for more
            const QString pictures = qEnvironmentVariable("FM_PICTURES");
            if (!pictures.isEmpty()) QVERIFY(w.window.grab().save(QString("%1/job_%2.png").arg(pictures, job)));
        }
    }

    void aMissingTeacherIsOneSentence() {
        QTemporaryDir folder;
        Window w(folder.filePath("settings.ini"), folder.filePath("nowhere"));
        w.window.opening().openBuiltIn(folder.filePath("data/built-in"));
        w.bench.engine().start(FM_PROGRAM);
        QTRY_COMPARE_WITH_TIMEOUT(w.window.problems().rowCount(), 1, kWaitMs);
        QVERIFY(!w.bench.study().isOpen());
        QVERIFY(!QFileInfo::exists(folder.filePath("data/built-in/study.json")));
    }

    void aBudgetDraggedDuringARunIsMeasured() {
        QTemporaryDir folder;
        const std::string study = folder.filePath("study").toStdString();
        Window w(folder.filePath("settings.ini"));
        w.bench.engine().start(FM_PROGRAM);
        QTRY_VERIFY_WITH_TIMEOUT(w.bench.engine().ready(), kWaitMs);
        const std::string teacher = FM_SOURCE_DIR "/resources/models/fm-tiny";
        w.bench.engine().client().request(
            "study/create", {{"path", study}, {"teacher", teacher}, {"branches", teacher + "/branches.safetensors"}},
            &w.window, [&](const EngineReply& reply) {
                QVERIFY2(reply.ok(), qPrintable(reply.sentence()));
                w.bench.openStudy(QString::fromStdString(study));
            });
        RunControls& controls = w.window.toolbar().controls();
        QTRY_VERIFY_WITH_TIMEOUT(controls.start().isEnabled(), kWaitMs);
        QTest::mouseClick(&controls.start(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") > 2, kWaitMs);
        QVERIFY(w.bench.cost().measurements().plans.empty());  // the run's own probe chooses, and measures nothing

        BudgetSlider& slider = w.window.panels().plan->budget().slider();
        const auto at = [&](int budget) { return QPoint(int(slider.positionOf(budget)), slider.height() / 2); };
        const auto probesAt = [&](int budget) {
            const auto& plans = w.bench.cost().measurements().plans;
            return std::count_if(plans.begin(), plans.end(),
                                 [budget](const MeasuredPlan& p) { return p.budget == budget && p.complete; });
        };
        QTest::mousePress(&slider, Qt::LeftButton, {}, at(w.bench.plan().budget()));
        for (const int budget : {6, 7, 8, 9}) QTest::mouseMove(&slider, at(budget));
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, at(9));
        QTRY_VERIFY_WITH_TIMEOUT(probesAt(9) > 0, kWaitMs);
        QCOMPARE(controls.phase(), JobPhase::Running);
        const std::int64_t rows = w.bench.run().rowsOf("steps");
        QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().rowsOf("steps") > rows, kWaitMs);  // the job goes on

        QTest::mouseClick(&controls.stop(), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(controls.phase(), JobPhase::Idle, kWaitMs);
    }
};

QTEST_MAIN(TestWindowEngine)
#include "test_window_engine.moc"
