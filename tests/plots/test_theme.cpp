// Colours that can be read and told apart, also by colour-blind eyes; a style sheet without holes; the bundled font.
#include <QApplication>
#include <QFontInfo>
#include <QSignalSpy>
#include <QTest>

#include <array>
#include <cmath>

#include "tests/golden/golden.h"
#include "tests/plots/widget_gallery.h"
#include "widgets/theme/colour_map.h"
#include "widgets/theme/style_sheet.h"
#include "widgets/theme/theme.h"

namespace fm {

namespace {

using Linear = std::array<double, 3>;

Linear linear(const QColor& colour) {
    const auto decode = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
    return {decode(colour.redF()), decode(colour.greenF()), decode(colour.blueF())};
}

double luminance(const QColor& colour) {
    const Linear c = linear(colour);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

// Contrast ratio of WCAG 2, 1 to 21.
double contrast(const QColor& a, const QColor& b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

// What an eye without red (protanopia) or green (deuteranopia) receptors sees; Vienot, Brettel and Mollon 1999.
Linear seenBy(bool without_red, const QColor& colour) {
    const Linear c = linear(colour);
    const double r = without_red ? 0.11238 * c[0] + 0.88762 * c[1] : 0.29275 * c[0] + 0.70725 * c[1];
    const double b = without_red ? 0.00401 * c[0] - 0.00401 * c[1] + c[2] : -0.02234 * c[0] + 0.02234 * c[1] + c[2];
    return {r, r, b};
}

double distance(const Linear& a, const Linear& b) {
    const auto root = [](double v) { return std::cbrt(std::max(0.0, v)); };  // about as the eye spaces them
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += std::pow(root(a[i]) - root(b[i]), 2);
    return std::sqrt(sum);
}

}  // namespace

class TestTheme : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { registerFonts(); }

    void both_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    void textIsReadable_data() { both_data(); }
    void textIsReadable() {
        QFETCH(bool, dark);
        const Theme& t = Theme::of(dark ? ThemeKind::Dark : ThemeKind::Light);
        for (const QColor& ground : {t.panel, t.window, t.selection, t.hover}) {
            QVERIFY(contrast(t.text, ground) >= 7.0);
            QVERIFY2(contrast(t.text_faint, ground) >= 4.5, qPrintable(ground.name()));
        }
        QVERIFY(contrast(t.text_on_accent, t.accent) >= 4.0);
        for (const QColor& colour : {t.full, t.linear, t.accent, t.error, t.warning, t.predicted, t.pinned, t.mark}) {
            QVERIFY2(contrast(colour, t.panel) >= 3.0, qPrintable(colour.name()));  // marks and lines
        }
        for (const QColor& colour : t.series) QVERIFY2(contrast(colour, t.panel) >= 3.0, qPrintable(colour.name()));
    }

    void meaningsAreToldApartByEveryEye_data() { both_data(); }
    void meaningsAreToldApartByEveryEye() {
        QFETCH(bool, dark);
        const Theme& t = Theme::of(dark ? ThemeKind::Dark : ThemeKind::Light);
        const double ordinary = distance(linear(t.full), linear(t.linear));
        QVERIFY(ordinary > 0.3);
        for (const bool without_red : {false, true}) {
            QVERIFY(distance(seenBy(without_red, t.full), seenBy(without_red, t.linear)) > 0.3);
            QVERIFY(distance(seenBy(without_red, t.full), seenBy(without_red, t.accent)) > 0.15);
        }
    }

    void amountsGetBrighterAllTheWay() {
        double last = -1;
        for (int i = 0; i <= 100; ++i) {
            const double bright = luminance(QColor(sequentialColour(i / 100.0)));
            QVERIFY(bright > last);
            last = bright;
        }
        QCOMPARE(sequentialColour(-3), sequentialColour(0));
        QCOMPARE(sequentialColour(7), sequentialColour(1));
        QCOMPARE(qAlpha(sequentialColour(std::nan(""))), 0);
    }

    void signedEffectsLeaveTheMiddleEvenly_data() { both_data(); }
    void signedEffectsLeaveTheMiddleEvenly() {
        QFETCH(bool, dark);
        const Theme& t = Theme::of(dark ? ThemeKind::Dark : ThemeKind::Light);
        const QColor middle(divergingColour(0, t));
        QVERIFY(contrast(middle, t.panel) < 1.2);
        for (const double sign : {-1.0, 1.0}) {
            double last = 1;
            for (int i = 1; i <= 20; ++i) {
                const double against = contrast(QColor(divergingColour(sign * i / 20, t)), middle);
                QVERIFY(against >= last);
                last = against;
            }
            QVERIFY(last > 3);
        }
        const QColor low(divergingColour(-1, t)), high(divergingColour(1, t));
        for (const bool without_red : {false, true}) {
            QVERIFY(distance(seenBy(without_red, low), seenBy(without_red, high)) > 0.3);
        }
    }

    void textOnCellsIsReadable() {
        for (int i = 0; i <= 50; ++i) {
            const QColor cell(sequentialColour(i / 50.0));
            QVERIFY2(contrast(readableOn(cell), cell) >= 4.0, qPrintable(QString::number(i / 50.0)));
        }
    }

    void theStyleSheetNamesNoUnknownColour() {
        for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark}) {
            const QString sheet = styleSheet(Theme::of(kind));
            QVERIFY(!sheet.contains('@'));
            QCOMPARE(sheet.count('{'), sheet.count('}'));
            for (qsizetype at = sheet.indexOf(":/icons/"); at >= 0; at = sheet.indexOf(":/icons/", at + 1)) {
                const QString path = sheet.mid(at, sheet.indexOf(')', at) - at);
                QVERIFY2(QFile::exists(path), qPrintable(path));
            }
        }
    }

    void theBundledFontIsUsed() {
        QCOMPARE(QFontInfo(uiFont()).family(), QString("Inter"));
        QCOMPARE(QFontInfo(uiFont(0, true)).weight(), static_cast<int>(QFont::DemiBold));
        const QFontMetrics metrics(uiFont());
        for (const QChar c : QString("λΣα±×–−²₂…⋯")) QVERIFY2(metrics.inFont(c), qPrintable(QString(c)));
    }

    void aChangeOfThemeIsToldOnce() {
        ThemeSource source(ThemeKind::Dark);
        QSignalSpy changed(&source, &ThemeSource::changed);
        source.setKind(ThemeKind::Dark);
        QCOMPARE(changed.count(), 0);
        source.setKind(ThemeKind::Light);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(source.theme().panel, Theme::of(ThemeKind::Light).panel);
    }

    void widgetsLookAsAgreed_data() { both_data(); }
    void widgetsLookAsAgreed() {
        QFETCH(bool, dark);
        applyTheme(*qApp, dark ? ThemeKind::Dark : ThemeKind::Light);
        const std::unique_ptr<QWidget> gallery = samples::widgetGallery();
        gallery->show();
        QVERIFY(QTest::qWaitForWindowExposed(gallery.get()));
        QCoreApplication::processEvents();
        const QString problem = compareWithGolden(gallery->grab().toImage(), dark ? "widgets_dark" : "widgets_light");
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
    }
};

}  // namespace fm

QTEST_MAIN(fm::TestTheme)
#include "test_theme.moc"
