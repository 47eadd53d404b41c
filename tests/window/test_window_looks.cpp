// Every dock of the window, brought to the front, at two sizes and in both themes: nothing cut, nothing overlapping.
// FM_PICTURES=<folder> writes the pictures to look at.
#include <QDockWidget>
#include <QHeaderView>
#include <QSignalSpy>
#include <QTableView>
#include <QToolBar>
#include <QToolButton>

#include "app/gui/built_in_study.h"
#include "tests/panels/cut_texts.h"
#include "tests/window/window_fixture.h"
#include "widgets/models/number_text.h"
#include "widgets/panels/interdependence_panel.h"
#include "widgets/panels/pair_inspector.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/samples_panel.h"
#include "widgets/plots/curvature_map.h"
#include "widgets/plots/pair_map.h"

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
            if (id == "samples") showSample(*w.window.panels().samples);
            QTest::qWait(80);
            QDockWidget& dock = *w.window.docks().dock(id);
            for (const QString& text : fixture::cutTexts(*dock.widget()) + fixture::collisions(*dock.widget()) +
                                           fixture::scrollsSideways(*dock.widget())) {
                wrong << id + ": " + text;
            }
            const QString pictures = qEnvironmentVariable("FM_PICTURES");
            if (pictures.isEmpty()) continue;
            const QString path = QString("%1/%2_%3.png").arg(pictures, id, QTest::currentDataTag());
            QVERIFY2(dock.grab().save(path), qPrintable(path));
        }
        QVERIFY2(wrong.isEmpty(), qPrintable("\n" + wrong.join("\n")));
        QCOMPARE(w.window.size(), size);  // nothing has asked for more
        for (const char* id : {"compare", "samples"}) {
            const QHeaderView& head = *w.window.docks().dock(id)->findChild<QTableView*>()->horizontalHeader();
            QVERIFY2(!head.isSectionHidden(0) && head.count() - head.hiddenSectionCount() >= 4, id);
            if (size.width() > 2000) QVERIFY2(head.hiddenSectionCount() == 0, id);
        }
    }

    // The recorded interact run, at the two layers that most stand in for each other, whichever they are.
    void aPairShowsBothLayers_data() { docks_data(); }
    void aPairShowsBothLayers() {
        QFETCH(QSize, size);
        QFETCH(ThemeKind, kind);
        Window w(folder_.filePath("pair.ini"));
        w.window.setThemeKind(kind);
        w.window.resize(size);
        w.window.docks().arrange(size);
        w.bench.openStudy(folder_.filePath("study"));
        InterdependencePanel& panel = *w.window.panels().interdependence;
        QTRY_COMPARE(w.bench.plan().numLayers(), 12);
        w.window.docks().raise("interdependence");
        QTRY_VERIFY(panel.pairMap().decades());
        const std::vector<int> order = panel.pairMap().order();
        const auto at = [&order](int layer) { return std::find(order.begin(), order.end(), layer) - order.begin(); };
        const LayerEffects& effects = w.bench.study().measurements().effects;
        const auto strongest = std::max_element(effects.extra.begin(), effects.extra.end(),
                                                [](const auto& a, const auto& b) { return a.second < b.second; });
        const auto [first, second] = strongest->first;
        QCOMPARE(std::abs(at(first) - at(second)), std::ptrdiff_t(1));  // side by side
        Q_EMIT panel.pairMap().pairClicked(first, second);
        QVERIFY2(panel.inspector().text().contains("keep one"), qPrintable(panel.inspector().text()));
        QVERIFY(w.bench.selection().layers() == (std::set<int>{first, second}));
        for (const bool curvature : {false, true}) {
            panel.showCurvature(curvature);
            QTest::qWait(150);
            const QStringList wrong = fixture::cutTexts(panel) + fixture::collisions(panel);
            QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join("\n")));
            const QSizeF map =
                (curvature ? static_cast<CellMap&>(panel.curvatureMap()) : panel.pairMap()).cellsRect().size();
            QVERIFY2(map.width() >= 260 && map.height() >= 160,
                     qPrintable(QString("%1 x %2").arg(map.width()).arg(map.height())));
            const QString pictures = qEnvironmentVariable("FM_PICTURES");
            const QString name = QString("/%1_%2.png").arg(curvature ? "curvature" : "pair", QTest::currentDataTag());
            if (!pictures.isEmpty()) QVERIFY(w.window.docks().dock("interdependence")->grab().save(pictures + name));
        }
        QToolButton& details = *panel.inspector().findChild<QToolButton*>();
        QCOMPARE(details.isVisible(), size.height() < 1000);  // else they stand below the map
        if (!details.isHidden()) details.click();
        QTest::qWait(50);
        const double single = effects.single[static_cast<std::size_t>(first)];
        const QString row = QString("layer %1 %2").arg(first).arg(numberText(single));
        QVERIFY2(panel.inspector().text().contains(row), qPrintable(panel.inspector().text()));
        QCOMPARE(panel.curvatureMap().isVisible(), details.isHidden());
        QVERIFY(fixture::cutTexts(panel).isEmpty());
        const QString pictures = qEnvironmentVariable("FM_PICTURES");
        if (!pictures.isEmpty()) QVERIFY(panel.grab().save(pictures + "/details_" + QTest::currentDataTag() + ".png"));
        w.bench.selection().setLayers({});
        QVERIFY(panel.curvatureMap().isVisible());
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
    static void showSample(SamplesPanel& panel) {
        QTableView& table = *panel.findChild<QTableView*>();
        QTRY_VERIFY(table.model()->rowCount() > 0);
        QTRY_VERIFY(table.viewport()->height() > 5 * table.rowHeight(0));  // the list has the room until one is chosen
        const QSize before = panel.size();
        QSignalSpy wanted(&panel, &SamplesPanel::sampleWanted);
        table.setCurrentIndex(table.model()->index(1, 0));
        QCOMPARE(wanted.size(), 1);
        const QString words = "The grass is green. The secret of the lamp is amber 3. The sky is blue. ";
        panel.setDetail(wanted[0][0].toString(), wanted[0][1].toInt(),
                        {words.repeated(9), {{20, 54}}, "amber 3", std::vector<double>(12, 0.4), "26 Nov gates"});
        QTest::qWait(50);
        QVERIFY(table.viewport()->rect().contains(table.visualRect(table.currentIndex())));
        QCOMPARE(panel.size(), before);  // a choice moves no dock
    }

    QTemporaryDir folder_;
};

QTEST_MAIN(TestWindowLooks)
#include "test_window_looks.moc"
