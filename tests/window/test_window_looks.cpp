// Every dock of the window, brought to the front, at two sizes and in both themes: nothing cut, nothing overlapping.
// FM_PICTURES=<folder> writes the pictures to look at.
#include <QDockWidget>
#include <QToolBar>

#include "app/gui/built_in_study.h"
#include "tests/panels/cut_texts.h"
#include "tests/window/window_fixture.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"

using namespace fm;
using fixture::Window;

class TestWindowLooks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        registerFonts();
        QString why;
        QVERIFY2(makeBuiltInStudy(folder_.filePath("study"), FM_SOURCE_DIR "/resources", why), qPrintable(why));
    }

    void docks_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<ThemeKind>("kind");
        for (const QSize size : {QSize(1280, 800), QSize(2560, 1440)}) {
            for (const ThemeKind kind : {ThemeKind::Dark, ThemeKind::Light}) {
                const QString theme = kind == ThemeKind::Dark ? "dark" : "light";
                const QString name = QString("%1_%2x%3").arg(theme).arg(size.width()).arg(size.height());
                QTest::newRow(qPrintable(name)) << size << kind;
            }
        }
    }

    void docks() {
        QFETCH(QSize, size);
        QFETCH(ThemeKind, kind);
        Window w(folder_.filePath(QString("%1.ini").arg(QTest::currentDataTag())));
        w.window.setThemeKind(kind);
        w.window.resize(size);
        w.window.docks().arrange(size);
        w.bench.openStudy(folder_.filePath("study"));
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        QTRY_VERIFY(!w.bench.study().loading());
        QStringList wrong;
        QTest::qWait(200);
        for (QToolBar* bar : w.window.findChildren<QToolBar*>()) {
            wrong += fixture::cutTexts(*bar) + fixture::collisions(*bar);
        }
        for (const QTabBar* tabs : w.window.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
            if (tabs->isVisible()) wrong += fixture::cutTabs(*tabs);
        }
        for (const QString& id : w.window.docks().ids()) {
            w.window.docks().raise(id);
            QTest::qWait(80);
            QDockWidget& dock = *w.window.docks().dock(id);
            for (const QString& text : fixture::cutTexts(*dock.widget()) + fixture::collisions(*dock.widget())) {
                wrong << id + ": " + text;
            }
            const QString pictures = qEnvironmentVariable("FM_PICTURES");
            if (pictures.isEmpty()) continue;
            const QString path = QString("%1/%2_%3.png").arg(pictures, id, QTest::currentDataTag());
            QVERIFY2(dock.grab().save(path), qPrintable(path));
        }
        QVERIFY2(wrong.isEmpty(), qPrintable("\n" + wrong.join("\n")));
    }

    void manyLayersStayReadable() {
        QTemporaryDir folder;
        Window w(folder.filePath("settings.ini"));
        w.window.setThemeKind(ThemeKind::Dark);
        w.bench.openStudy(fixture::makeStudy(folder, 96));
        QTRY_COMPARE(w.bench.plan().numLayers(), 96);
        QTest::qWait(200);
        const StripLayout layout = w.window.panels().plan->strip().stripLayout();
        QVERIFY2(layout.bar(0).height() >= 40, qPrintable(QString::number(layout.bar(0).height())));
        QVERIFY(layout.bar(0).width() >= 14);
        const QString pictures = qEnvironmentVariable("FM_PICTURES");
        if (!pictures.isEmpty()) QVERIFY(w.window.grab().save(pictures + "/layers_96.png"));
    }

private:
    QTemporaryDir folder_;
};

QTEST_MAIN(TestWindowLooks)
#include "test_window_looks.moc"
