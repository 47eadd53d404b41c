// The job form: made from the engine's field list, problems at their fields, the same command on the command line.
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <nlohmann/json.hpp>

#include "widgets/panels/field_editor.h"
#include "widgets/panels/job_form.h"

using nlohmann::json;

namespace {

json defaults() {
    return json::parse(R"({"fields":[
      {"name":"mode","type":"text","unit":"","help":"paper or default","min":null,"max":null,
       "choices":["default","paper"],"takes_effect":"next run","default":"default"},
      {"name":"budget","type":"integer","unit":"layers","help":"how many layers keep full attention","min":0,"max":8,
       "choices":[],"takes_effect":"next step","default":4},
      {"name":"lambda","type":"number","unit":"","help":"strength of the regulariser","min":0,"max":1e9,"choices":[],
       "takes_effect":"next step","default":0},
      {"name":"tasks","type":"texts","unit":"","help":"retrieval tasks; none: what the teacher was trained on",
       "min":null,"max":null,"choices":[],"takes_effect":"next run","default":[]},
      {"name":"lengths","type":"integers","unit":"tokens","help":"context lengths","min":16,"max":1048576,"choices":[],
       "takes_effect":"next run","default":[512,1024]},
      {"name":"swap_refine","type":"boolean","unit":"","help":"improve the plan by swaps","min":null,"max":null,
       "choices":[],"takes_effect":"next run","default":true},
      {"name":"steps","type":"integer","unit":"steps","help":"optimiser steps","min":1,"max":1e7,"choices":[],
       "takes_effect":"next run","default":160},
      17, {"type":"integer"}]})");
}

struct Form : fm::JobForm {
    Form() {
        resize(420, 520);
        show();
        setJob("gates", defaults());
        if (!QTest::qWaitForWindowActive(this)) qFatal("the window never became active: shortcuts need that");
    }
    QLineEdit& line(const QString& field) { return *qobject_cast<QLineEdit*>(editor(field)->input()); }
    void type(const QString& field, const QString& text) {
        line(field).setFocus();
        line(field).selectAll();
        QTest::keyClicks(&line(field), text);
    }
    QPushButton& startButton() { return *findChild<QPushButton*>(); }
    QToolButton& button(const QString& text) {
        for (QToolButton* each : findChildren<QToolButton*>())
            if (each->text() == text) return *each;
        qFatal("no button %s", qPrintable(text));
    }
};

}  // namespace

class TestJobForm : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hasTheRightEditorPerType() {
        Form form;
        QVERIFY(qobject_cast<QComboBox*>(form.editor("mode")->input()));
        QVERIFY(qobject_cast<QCheckBox*>(form.editor("swap_refine")->input()));
        QCOMPARE(form.line("budget").text(), QStringLiteral("4"));
        QCOMPARE(form.line("lengths").text(), QStringLiteral("512, 1024"));
        QCOMPARE(form.line("tasks").placeholderText(), QStringLiteral("what the teacher was trained on"));
        const QString tip = form.line("budget").toolTip();
        QVERIFY(tip.contains("how many layers keep full attention") && tip.contains("from 0 to 8"));
        QVERIFY(tip.contains("next step"));
        QCOMPARE(form.line("budget").accessibleName(), QStringLiteral("budget"));
        QCOMPARE(form.spec().size(), std::size_t(7));  // what is no field is left out
    }

    void typedValuesBecomeTheSpec() {
        Form form;
        QSignalSpy validate(&form, &fm::JobForm::validateWanted);
        form.type("budget", "6");
        form.type("lambda", "0.25");
        form.type("tasks", "mk8, hop4");
        form.type("lengths", "256,2048");
        QTest::mouseClick(form.editor("swap_refine")->input(), Qt::LeftButton, {}, QPoint(8, 10));
        QTest::keyClick(form.editor("mode")->input(), Qt::Key_Down);
        const json expected = {
            {"mode", "paper"},        {"budget", 6},          {"lambda", 0.25}, {"tasks", {"mk8", "hop4"}},
            {"lengths", {256, 2048}}, {"swap_refine", false}, {"steps", 160}};
        QCOMPARE(form.spec().dump(), expected.dump());
        QCOMPARE(validate.size(), 0);  // not at every keystroke
        QTRY_COMPARE(validate.size(), 1);
    }

    // The mode "paper" has usual settings of its own: a field that nobody touched must not carry those of another mode.
    void whatNobodyChangedIsTheEngines() {
        Form form;
        QCOMPARE(form.changedSpec().dump(), json::object().dump());
        QTest::keyClick(form.editor("mode")->input(), Qt::Key_Down);
        QCOMPARE(form.changedSpec().dump(), json({{"mode", "paper"}}).dump());
        form.type("budget", "6");
        QCOMPARE(form.changedSpec().dump(), json({{"budget", 6}, {"mode", "paper"}}).dump());
        form.type("budget", "4");  // the usual again
        QCOMPARE(form.changedSpec().dump(), json({{"mode", "paper"}}).dump());
    }

    void arrowsStepIntegersWithinTheirRange() {
        Form form;
        form.type("budget", "7");
        QTest::keyClick(&form.line("budget"), Qt::Key_Up);
        QTest::keyClick(&form.line("budget"), Qt::Key_Up);
        QCOMPARE(form.line("budget").text(), QStringLiteral("8"));
        QTest::keyClick(&form.line("budget"), Qt::Key_Down);
        QCOMPARE(form.line("budget").text(), QStringLiteral("7"));
    }

    void everyProblemIsShownAtItsField() {
        Form form;
        form.type("budget", "many");
        QCOMPARE(form.spec()["budget"].dump(), json("many").dump());  // what is no number reaches the engine as it is
        form.setProblems({{"budget", "many", "an integer from 0 to 8"},
                          {"lengths", "8", "each at least 16"},
                          {"text", "", "a folder with text for text_share above 0"}},
                         json::object());
        QCOMPARE(form.editor("budget")->problem(), QStringLiteral("many: must be an integer from 0 to 8"));
        QVERIFY(form.editor("lengths")->problem().contains("at least 16"));
        QVERIFY(form.line("budget").property("problem").toBool());
        QVERIFY(!form.line("lambda").property("problem").toBool());
        const auto labels = form.findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().startsWith("text: Must be a folder");
        }));
        QVERIFY(!form.startButton().isEnabled());
        QSignalSpy start(&form, &fm::JobForm::startRequested);
        QTest::keyClick(&form.line("budget"), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(start.size(), 0);
        form.setProblems({}, form.spec());
        QVERIFY(form.startButton().isEnabled());
        QVERIFY(!form.line("budget").property("problem").toBool());
    }

    void startsByButtonAndKey() {
        Form form;
        QSignalSpy start(&form, &fm::JobForm::startRequested);
        QTest::mouseClick(&form.startButton(), Qt::LeftButton);
        form.line("budget").setFocus();
        QTest::keyClick(&form.line("budget"), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(start.size(), 2);
        QCOMPARE(start[0][0].toString(), QStringLiteral("gates"));
        form.setCanStart(false, "The engine is not running");
        QVERIFY(!form.startButton().isEnabled());
        QCOMPARE(form.startButton().toolTip(), QStringLiteral("The engine is not running"));
    }

    void commandLineDoesTheSame() {
        Form form;
        form.setStudy("/data/my study");
        QCOMPARE(form.command(), QStringLiteral("flashmorph --study '/data/my study' gates"));
        form.type("budget", "6");
        form.type("tasks", "mk8, hop4");
        QTest::mouseClick(form.editor("swap_refine")->input(), Qt::LeftButton, {}, QPoint(8, 10));
        QCOMPARE(form.command(), QStringLiteral("flashmorph --study '/data/my study' gates --budget 6 --tasks mk8,hop4 "
                                                "--no-swap-refine"));
        QTest::mouseClick(&form.button("copy command"), Qt::LeftButton);
        QCOMPARE(QGuiApplication::clipboard()->text(), form.command());
        QTest::mouseClick(&form.button("spec"), Qt::LeftButton);
        const json shown = json::parse(form.findChild<QPlainTextEdit*>()->toPlainText().toStdString());
        QCOMPARE(shown["job"].dump(), json("gates").dump());
        QCOMPARE(shown["budget"].dump(), json(6).dump());
        QCOMPARE(shown["steps"].dump(), json(160).dump());
    }

    void presetsChangeSizesAndKeepSubjects() {
        Form form;
        form.type("tasks", "mk8");
        QTest::mouseClick(&form.button("smoke"), Qt::LeftButton);
        QVERIFY(form.spec()["steps"].get<int>() < 20);
        QCOMPARE(form.spec()["tasks"].dump(), json({"mk8"}).dump());
        QTest::mouseClick(&form.button("usual"), Qt::LeftButton);
        QCOMPARE(form.spec()["steps"].dump(), json(160).dump());
        QCOMPARE(form.spec()["tasks"].dump(), json::array().dump());
    }

    void anotherJobKeepsWhatBothHave() {
        Form form;
        form.type("budget", "2");
        form.type("steps", "33");  // a size of the other job
        json other = json::parse(R"({"fields":[
          {"name":"budget","type":"integer","unit":"layers","help":"K","default":-1,"takes_effect":"next run"},
          {"name":"steps","type":"integer","unit":"steps","help":"steps","default":100,"takes_effect":"next run"}]})");
        form.setJob("distill", other);
        QCOMPARE(form.spec().dump(), json({{"budget", 2}, {"steps", 100}}).dump());
    }

    void liveFieldsAreSentByEnter() {
        Form form;
        QSignalSpy live(&form, &fm::JobForm::liveChangeRequested);
        form.type("lambda", "0.5");
        QTest::keyClick(&form.line("lambda"), Qt::Key_Return);
        QCOMPARE(live.size(), 0);  // nothing runs
        form.setLiveRun("run-1");
        QTest::keyClick(&form.line("lambda"), Qt::Key_Return);
        QCOMPARE(live.size(), 1);
        QCOMPARE(live[0][1].toString(), QStringLiteral("lambda"));
        form.setTakesEffect("lambda", "next step");
        const auto labels = form.editor("lambda")->findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().contains("takes effect at the next step");
        }));
    }

    void settingsCanBeFound() {
        Form form;
        QLineEdit& find = *form.findChild<QLineEdit*>();
        find.setFocus();
        QTest::keyClicks(&find, "regulariser");
        QVERIFY(form.editor("lambda")->isVisible());
        QVERIFY(!form.editor("budget")->isVisible());
        find.clear();
        QVERIFY(form.editor("budget")->isVisible());
    }
};

QTEST_MAIN(TestJobForm)
#include "test_job_form.moc"
