// Whole stories, as a user lives them: the first start with the engine that ships, from the recorded study to a
// verified export; and a study with run files that somebody broke.
#include <QDir>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListWidget>
#include <QRandomGenerator>
#include <QSlider>
#include <QToolButton>

#include "app/gui/built_in_study.h"
#include "app/gui/export_link.h"
#include "app/gui/opening.h"
#include "app/gui/window_toolbar.h"
#include "tests/panels/dialog_driver.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/compare_model.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/field_editor.h"
#include "widgets/panels/job_form.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/run_controls.h"

using namespace fm;
using fixture::Window;

namespace {

constexpr int kWaitMs = 60000;

void type(JobForm& form, const char* field, const QString& text) {
    FieldEditor* editor = form.editor(field);
    QVERIFY2(editor, field);
    auto* line = qobject_cast<QLineEdit*>(editor->input());
    QVERIFY2(line, field);
    line->setFocus();
    line->selectAll();
    QTest::keyClicks(line, text);
    QCOMPARE(line->text(), text);
}

}  // namespace

class TestStories : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        applyTheme(*qApp, ThemeKind::Dark);
    }
    void fromTheFirstStartToAnExport();
    void brokenRunFilesHarmNobody();

private:
    void opensOnRecordedGates(Window& w, const QString& study);
    void watchesALiveRun(Window& w);
    void dragsPinsFlipsAndUndoes(Window& w);
    void distils(Window& w);
    void compares(Window& w);
    void exports(Window& w);
    void start(Window& w, const char* job, const std::vector<std::pair<const char*, QString>>& fields);
};

void TestStories::opensOnRecordedGates(Window& w, const QString& study) {
    QString why;
    QVERIFY2(makeBuiltInStudy(study, FM_SOURCE_DIR "/resources", why), qPrintable(why));
    QVERIFY(w.bench.openStudy(study));
    QTRY_COMPARE(w.bench.plan().numLayers(), 12);
    QTRY_VERIFY(!w.bench.study().loading());
    w.bench.engine().start(FM_PROGRAM);
    QTRY_VERIFY_WITH_TIMEOUT(w.window.toolbar().controls().start().isEnabled(), kWaitMs);
}

// By the toolbar's button of the job, its form, and the start button; waits for the end.
void TestStories::start(Window& w, const char* job, const std::vector<std::pair<const char*, QString>>& fields) {
    QTest::mouseClick(w.window.toolbar().findChild<QToolButton*>(job), Qt::LeftButton);
    JobForm& form = *w.window.panels().job;
    QTRY_COMPARE_WITH_TIMEOUT(form.job(), QString(job), kWaitMs);
    for (const auto& [field, text] : fields) type(form, field, text);
    RunControls& controls = w.window.toolbar().controls();
    QTRY_VERIFY_WITH_TIMEOUT(controls.start().isEnabled(), kWaitMs);
    QTest::mouseClick(&controls.start(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(controls.phase() != JobPhase::Idle, kWaitMs);
}

void TestStories::watchesALiveRun(Window& w) {
    const QString recorded = w.bench.run().runId();
    start(w, "gates", {{"steps", "10"}, {"tokens_per_step", "1024"}, {"probe_sequences", "1"}, {"lengths", "256"}});
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.run().runId() != recorded && w.bench.run().rowsOf("steps") >= 3, kWaitMs);
    const std::span<const float> first = w.bench.run().vectorRow("gates/alpha", 0);
    const std::span<const float> third = w.bench.run().vectorRow("gates/alpha", 2);
    QVERIFY(!std::equal(first.begin(), first.end(), third.begin()));  // they move
    QTRY_COMPARE_WITH_TIMEOUT(w.window.toolbar().controls().phase(), JobPhase::Idle, kWaitMs);
    QVERIFY(w.bench.run().state() == RunState::Finished);
    QCOMPARE(w.bench.run().rowsOf("steps"), std::int64_t(10));
}

void TestStories::dragsPinsFlipsAndUndoes(Window& w) {
    PlanState& plan = w.bench.plan();
    auto* slider = w.window.panels().plan->findChild<QSlider*>("budgetSlider");
    slider->setFocus();
    const int before = plan.budget();
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(plan.budget(), before + 1);
    PlanStrip& strip = w.window.panels().plan->strip();
    const int layer = plan.plan().fullLayers().front();
    QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.stripLayout().bar(layer).center().toPoint());
    QVERIFY(plan.kind(layer) == LayerKind::Linear);  // a click flips
    QCOMPARE(plan.budget(), before);
    QTest::keyClick(&strip, Qt::Key_P);
    QVERIFY(plan.pin(layer) == LayerKind::Linear);
    QTRY_VERIFY_WITH_TIMEOUT(w.bench.cost().isComplete(), kWaitMs);  // the plan rests: it is probed
    QVERIFY(w.bench.cost().cost().has_value());
    const QString measured = QString::fromStdString(plan.key());
    plan.undoStack().undo();
    plan.undoStack().undo();
    QVERIFY(plan.kind(layer) == LayerKind::Full && !plan.pin(layer));
    plan.undoStack().redo();
    plan.undoStack().redo();
    QCOMPARE(QString::fromStdString(plan.key()), measured);
    QVERIFY(w.bench.cost().isComplete());  // from the study, not probed again
}

void TestStories::distils(Window& w) {
    const auto hybrids = [&] {
        const auto& all = w.bench.study().info().artifacts;
        return std::count_if(all.begin(), all.end(),
                             [](const auto& each) { return each.second.kind == ArtifactKind::Hybrid; });
    };
    const auto before = hybrids();
    start(w, "distill", {{"steps", "2"}, {"tokens_per_step", "1024"}, {"warm_up", "0"}, {"lengths", "256"}});
    QTRY_COMPARE_WITH_TIMEOUT(w.window.toolbar().controls().phase(), JobPhase::Idle, kWaitMs);
    QVERIFY2(w.bench.run().state() == RunState::Finished,
             qPrintable(w.window.problems().rowCount() ? w.window.problems().index(0, 3).data().toString()
                                                       : QString("no problem said")));
    QTRY_COMPARE_WITH_TIMEOUT(hybrids(), before + 1, kWaitMs);
}

// The teacher, uniform plans, the probed plan and the new hybrid stand side by side.
void TestStories::compares(Window& w) {
    const QAbstractItemModel& model = w.window.panels().compare->model();
    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row) names << model.index(row, 0).data().toString();
    const QString all = names.join(" | ");
    QVERIFY2(all.contains("teacher", Qt::CaseInsensitive), qPrintable(all));
    QVERIFY2(all.contains("uniform"), qPrintable(all));
    QVERIFY2(names.size() >= 4, qPrintable(all));
}

void TestStories::exports(Window& w) {
    w.window.exports().showPresent();
    auto* dialog = w.window.findChild<ExportDialog*>();
    QVERIFY(dialog && dialog->isVisible());
    auto* list = dialog->findChild<QListWidget*>();
    QTRY_VERIFY_WITH_TIMEOUT(list->count() > 1, kWaitMs);
    QCOMPARE(dialog->target(), QString("qwen3_5"));  // the built-in teacher is Qwen3-like: that one is exact
    const QString folder = dialog->destination();
    QTest::mouseClick(fixture::button(*dialog, "Export and verify"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(fixture::says(*dialog, "Verified"), kWaitMs);
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "verdict.json"})
        QVERIFY2(QFile::exists(folder + "/" + name), name);
    dialog->close();
}

void TestStories::fromTheFirstStartToAnExport() {
    const QTemporaryDir folder;
    Window w(folder.filePath("settings.ini"));
    opensOnRecordedGates(w, folder.filePath("built-in"));
    const std::pair<const char*, void (TestStories::*)(Window&)> chapters[] = {
        {"a live run", &TestStories::watchesALiveRun},
        {"plan edits and a probe", &TestStories::dragsPinsFlipsAndUndoes},
        {"distillation", &TestStories::distils},
        {"comparison", &TestStories::compares},
        {"export and check", &TestStories::exports}};
    for (const auto& [name, chapter] : chapters) {
        if (QTest::currentTestFailed()) return;
        QElapsedTimer timer;
        timer.start();
        (this->*chapter)(w);
        qInfo("%s: %.1f s", name, static_cast<double>(timer.elapsed()) / 1000);
    }
    QVERIFY(w.bench.engine().phase() == JobPhase::Idle);
}

void TestStories::brokenRunFilesHarmNobody() {
    const QTemporaryDir folder;
    const QString study = fixture::makeStudy(folder, 12);
    const QDir runs(study + "/runs");
    const QString good = runs.entryList({"*.h5"}).value(0);
    QFile whole(runs.filePath(good));
    QVERIFY(whole.open(QIODevice::ReadOnly));
    const QByteArray bytes = whole.readAll();
    QByteArray noise(20000, 0);
    for (char& c : noise) c = static_cast<char>(QRandomGenerator::system()->generate());
    QByteArray scribbled = bytes;
    for (qsizetype i = 700; i < scribbled.size(); i += 97) scribbled[i] = static_cast<char>(0xFF);
    const std::pair<QString, QByteArray> broken[] = {
        {"20260301T000011Z-gates-0000b1.h5", bytes.left(bytes.size() / 2)},
        {"20260301T000012Z-gates-0000b2.h5", noise},
        {"20260301T000013Z-gates-0000b3.h5", scribbled},
        {"20260301T000014Z-gates-0000b4.h5", {}},
        {"20260301T000015Z-gates-0000b5.h5", QByteArray("\x89HDF\r\n\x1a\n")}};
    for (const auto& [name, content] : broken) {
        QFile file(runs.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(content), content.size());
    }
    Window w(folder.filePath("settings.ini"));
    QVERIFY(w.bench.openStudy(study));
    QTRY_COMPARE(w.bench.plan().numLayers(), 12);
    QTRY_VERIFY(!w.bench.study().loading());
    QVERIFY(w.bench.cost().measured());  // the whole run is there with everything it measured
    for (const auto& [name, content] : broken) {
        const int before = w.window.problems().rowCount();
        w.bench.showRun(name.chopped(3));
        QCoreApplication::processEvents();
        QVERIFY2(w.window.problems().rowCount() > before || w.bench.run().runId() + ".h5" != name, qPrintable(name));
        w.window.opening().open(runs.filePath(name));
        QCoreApplication::processEvents();
    }
    QVERIFY(w.window.problems().rowCount() > 0);
    w.bench.showRun(good.chopped(3));
    QTRY_COMPARE(w.bench.run().rowsOf("steps"), std::int64_t(20));
}

QTEST_MAIN(TestStories)
#include "test_stories.moc"
