// Every figure, light and dark, against its committed picture.
#include <QApplication>
#include <QTest>

#include "tests/golden/golden.h"
#include "tests/plots/plot_samples.h"

namespace fm {

class TestPlotGoldens : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { registerFonts(); }

    void figures_data() {
        QTest::addColumn<int>("index");
        QTest::addColumn<bool>("dark");
        const std::vector<samples::Sample> all = samples::all();
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (const bool dark : {false, true}) {
                QTest::addRow("%s_%s", all[i].name, dark ? "dark" : "light") << static_cast<int>(i) << dark;
            }
        }
    }

    void figures() {
        QFETCH(int, index);
        QFETCH(bool, dark);
        const ThemeKind kind = dark ? ThemeKind::Dark : ThemeKind::Light;
        applyTheme(*qApp, kind);
        const ThemeSource theme(kind);
        const std::unique_ptr<PlotFrame> plot = samples::all()[static_cast<std::size_t>(index)].make(theme);
        plot->resize(480, 320);
        plot->show();
        plot->refreshNow();
        const QString problem = compareWithGolden(plot->grab().toImage(), QTest::currentDataTag());
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
    }
};

}  // namespace fm

QTEST_MAIN(fm::TestPlotGoldens)
#include "test_plot_goldens.moc"
