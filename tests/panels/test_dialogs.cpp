// Export dialog, log and problems, help.
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>
#include <QTableWidget>
#include <QTest>
#include <QTextBrowser>
#include <nlohmann/json.hpp>

#include "tests/models/run_fixtures.h"
#include "tests/panels/dialog_driver.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/theme/theme.h"

using fixture::button;
using fixture::says;
using nlohmann::json;

namespace {

json targets() {
    return json::parse(R"({"targets":[
      {"target":"fla","exactness":"not_representable","why_not":["fla has no QK-norm for full layers"],"remarks":[],
       "loaders":["flash-linear-attention >= 0.3.2"]},
      {"target":"qwen3_5","exactness":"exact","why_not":[],"remarks":["vLLM needs --trust-remote-code"],
       "loaders":["transformers >= 5.0"]},
      {"exactness":"exact"}, 3]})");
}

}  // namespace

class TestDialogs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        fm::registerFonts();
        fm::applyTheme(*qApp, fm::ThemeKind::Dark);
    }

    void exportSaysWhyNotAndVerifies() {
        fm::ExportDialog dialog(theme_);
        QSignalSpy wanted(&dialog, &fm::ExportDialog::targetsWanted);
        QSignalSpy started(&dialog, &fm::ExportDialog::exportRequested);
        QSignalSpy verify(&dialog, &fm::ExportDialog::verifyRequested);
        dialog.show();
        dialog.setSubject({"h1", "FLFLLFLF", "recovered K=4", "/data/study"});
        QCOMPARE(wanted.size(), 1);
        QPushButton* start = button(dialog, "Export and verify");
        QVERIFY(!start->isEnabled());
        dialog.setTargets(targets());
        auto* list = dialog.findChild<QListWidget*>();
        QCOMPARE(list->count(), 2);
        QCOMPARE(dialog.target(), QStringLiteral("qwen3_5"));  // the first that is exact
        QVERIFY(says(dialog, "transformers >= 5.0"));
        QCOMPARE(dialog.destination(), QStringLiteral("/data/study/exports/qwen3_5-h1-bf16"));
        auto* precision = dialog.findChild<QComboBox*>();
        precision->setCurrentText("f32");  // another precision is another export, so another folder
        QCOMPARE(dialog.destination(), QStringLiteral("/data/study/exports/qwen3_5-h1-f32"));
        precision->setCurrentText("bf16");
        list->setFocus();
        QTest::keyClick(list, Qt::Key_Up);
        QVERIFY(says(dialog, "fla has no QK-norm"));
        QVERIFY(!start->isEnabled());
        QTest::keyClick(list, Qt::Key_Down);
        QTest::mouseClick(start, Qt::LeftButton);
        QCOMPARE(started.size(), 1);
        QCOMPARE(started[0][0].toString(), QStringLiteral("qwen3_5"));
        QCOMPARE(started[0][2].toString(), QStringLiteral("bf16"));
        QVERIFY(!start->isEnabled());
        dialog.setExported(json::parse(R"({"folder":"/data/study/exports/qwen3_5-h1",
            "verdict":{"verdict":"exact","reasons":[],"measured":{"as_stored":{"max_abs_logit_error":0.0021}}}})"));
        QCOMPARE(verify.size(), 1);
        dialog.setVerified(json::parse(R"({"passed":true,"tensors":96,"precision":"BF16",
            "error":{"max_abs_logit_error":0.0019,"greedy_agreement":1.0},"problems":[]})"));
        QVERIFY(says(dialog, "Verified: 96 tensors, BF16"));
        QVERIFY(start->isEnabled());
        QSignalSpy open(&dialog, &fm::ExportDialog::openFolder);
        QTest::mouseClick(button(dialog, "Open folder"), Qt::LeftButton);
        QCOMPARE(open.size(), 1);
    }

    void aFailedExportOrCheckIsASentence() {
        fm::ExportDialog dialog(theme_);
        dialog.show();
        dialog.setSubject({"", "FLLL", "plan K=1 without recovery", "/s"});
        dialog.setTargets(targets());
        QTest::mouseClick(button(dialog, "Export and verify"), Qt::LeftButton);
        dialog.setProblem("/s/exports/x: no space left on device; free some space and try again");
        QVERIFY(says(dialog, "no space left"));
        QVERIFY(button(dialog, "Export and verify")->isEnabled());
        QTest::mouseClick(button(dialog, "Export and verify"), Qt::LeftButton);
        dialog.setExported(json::parse(R"({"folder":"/s/exports/x","verdict":{"verdict":"exact"}})"));
        dialog.setVerified(
            json::parse(R"({"passed":false,"tensors":0,"problems":["model.safetensors lacks q_proj"]})"));
        QVERIFY(says(dialog, "lacks q_proj"));
        dialog.setTargets(json::parse("[]"));
        QVERIFY(says(dialog, "knows no target"));
    }

    void logIsFilteredAndCopied() {
        fm::ProblemsModel problems;
        fm::LogPanel panel(problems, theme_);
        panel.resize(600, 240);
        panel.show();
        QVERIFY(QTest::qWaitForWindowActive(&panel));
        QVERIFY(says(panel, "No problems."));
        problems.add(fm::Severity::Error, "the engine died: out of memory", "engine");
        problems.add(fm::Severity::Warning, "the gates do not move", "20260301T090000Z-gates-0000aa");
        auto* tabs = panel.findChild<QTabBar*>();
        QCOMPARE(tabs->tabText(0), QStringLiteral("Problems 2"));
        auto* severity = panel.findChild<QComboBox*>();
        severity->setFocus();
        QTest::keyClick(severity, Qt::Key_End);  // errors only
        QTableView* shown = nullptr;
        for (QTableView* table : panel.findChildren<QTableView*>())
            if (table->isVisible()) shown = table;
        QVERIFY(shown != nullptr);
        QCOMPARE(shown->model()->rowCount(), 1);
        QTest::keyClick(severity, Qt::Key_Home);
        shown->setFocus();
        shown->setCurrentIndex(shown->model()->index(0, 0));
        QSignalSpy activated(&panel, &fm::LogPanel::runActivated);
        QTest::keyClick(shown, Qt::Key_Return);
        QCOMPARE(activated[0][0].toString(), QStringLiteral("20260301T090000Z-gates-0000aa"));
        shown->clearSelection();
        QTest::keyClick(shown, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text().count(QChar('\n')), 2);
        fm::RunData run;
        run.reset(fixture::header("20260301T090000Z-gates-0000aa", "gates", "{}", fixture::gatesTables(4)));
        for (std::uint64_t i = 0; i < 100; ++i)
            run.addLog({1 + i, 1000.0 * double(i), fm::Severity::Info, "[gates] step " + std::to_string(i)});
        panel.setRun(&run);
        panel.showLog();
        panel.copy();
        const QStringList lines = QGuiApplication::clipboard()->text().split('\n');
        QVERIFY2(QRegularExpression("^info\t\\d\\d:\\d\\d:59\tgates\tstep 59$").match(lines[59]).hasMatch(),
                 qPrintable(lines[59]));
    }

    void helpExplainsAndListsEveryShortcut() {
        fm::HelpPanel panel(theme_, {});
        panel.resize(420, 500);
        panel.setShortcuts({{"Everywhere", "Ctrl+Z", "Undo the last plan edit"}});
        panel.show();
        const QString tour = panel.findChild<QTextBrowser*>()->toPlainText();
        for (const char* word : {"gate", "budget", "plan", "pin", "probe", "Recovery", "Export"})
            QVERIFY2(tour.contains(QLatin1String(word), Qt::CaseInsensitive), word);
        QSignalSpy place(&panel, &fm::HelpPanel::placeActivated);
        Q_EMIT panel.findChild<QTextBrowser*>()->anchorClicked(QUrl("dock:gates"));
        QCOMPARE(place[0][0].toString(), QStringLiteral("gates"));
        panel.showShortcuts();
        auto* table = panel.findChild<QTableWidget*>();
        QVERIFY(table->isVisible());
        QCOMPARE(table->item(0, 1)->text(), QStringLiteral("Ctrl+Z"));
        QVERIFY(table->rowCount() > 15);
        QVERIFY(!panel.findChild<QTextBrowser*>()->toHtml().contains("@full"));
    }

private:
    fm::ThemeSource theme_{fm::ThemeKind::Dark};
};

QTEST_MAIN(TestDialogs)
#include "test_dialogs.moc"
