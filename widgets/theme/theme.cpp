#include "widgets/theme/theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <cmath>

static void initResources() {
    Q_INIT_RESOURCE(fonts);
    Q_INIT_RESOURCE(icons);
}  // must stand outside any namespace

namespace fm {

namespace {

constexpr double kBasePointSize = 9.75;  // 13 px at 96 dpi

Theme darkTheme() {
    Theme t;
    t.kind = ThemeKind::Dark;
    t.full = QColor(0xe8a33d);
    t.linear = QColor(0x4aa3df);
    t.accent = QColor(0x3fb68b);
    t.predicted = QColor(0xa3aab4);
    t.pinned = QColor(0xe4e6ea);
    t.error = QColor(0xe06c59);
    t.warning = QColor(0xe3c14f);
    t.text = QColor(0xe4e6ea);
    t.text_faint = QColor(0xa3aab4);
    t.text_on_accent = QColor(0x10211a);
    t.window = QColor(0x1b1d21);
    t.panel = QColor(0x23262b);
    t.panel_border = QColor(0x34383f);
    t.field = QColor(0x2f333a);
    t.grid = QColor(0x2d3036);
    t.selection = QColor(0x2d3a47);
    t.hover = QColor(0x2a2e35);
    t.mark = QColor(0xf4f5f7);
    t.series = {QColor(0xd98cc0), QColor(0x6cc9d6), QColor(0xcfcb72), QColor(0xb3a1e6),
                QColor(0xc9976f), QColor(0xaeb6c2), QColor(0x7fb08f), QColor(0xe59aa0)};
    return t;
}

Theme lightTheme() {
    Theme t;
    t.kind = ThemeKind::Light;
    t.full = QColor(0xc77d0a);
    t.linear = QColor(0x1d78b8);
    t.accent = QColor(0x1c8a63);
    t.predicted = QColor(0x5c6570);
    t.pinned = QColor(0x1c2125);
    t.error = QColor(0xb83f2b);
    t.warning = QColor(0x9a7400);
    t.text = QColor(0x1c2125);
    t.text_faint = QColor(0x5c6570);
    t.text_on_accent = QColor(0xffffff);
    t.window = QColor(0xeceef1);
    t.panel = QColor(0xfbfbfc);
    t.panel_border = QColor(0xcfd4da);
    t.field = QColor(0xe3e6ea);
    t.grid = QColor(0xe8eaee);
    t.selection = QColor(0xdbe8f4);
    t.hover = QColor(0xf1f3f6);
    t.mark = QColor(0x14181c);
    t.series = {QColor(0xa8458a), QColor(0x14808f), QColor(0x7d7410), QColor(0x6a57b0),
                QColor(0x8a5a30), QColor(0x4d5763), QColor(0x3c7550), QColor(0xb04a55)};
    return t;
}

}  // namespace

const Theme& Theme::of(ThemeKind kind) {
    static const Theme dark = darkTheme();
    static const Theme light = lightTheme();
    return kind == ThemeKind::Dark ? dark : light;
}

void ThemeSource::setKind(ThemeKind kind) {
    if (kind == kind_) return;
    kind_ = kind;
    Q_EMIT changed();
}

QColor readableOn(const QColor& background) {
    const auto linear = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
    const double luminance =
        0.2126 * linear(background.redF()) + 0.7152 * linear(background.greenF()) + 0.0722 * linear(background.blueF());
    constexpr double kEqual = 0.19;  // where both texts below have the same contrast
    return luminance > kEqual ? QColor(0x14181c) : QColor(0xf4f5f7);
}

QColor blended(const QColor& from, const QColor& to, double share) {
    const auto mix = [share](double a, double b) { return static_cast<float>(a + (b - a) * share); };
    return QColor::fromRgbF(mix(from.redF(), to.redF()), mix(from.greenF(), to.greenF()), mix(from.blueF(), to.blueF()),
                            mix(from.alphaF(), to.alphaF()));
}

QColor withAlpha(QColor color, int alpha) {
    color.setAlpha(alpha);
    return color;
}

void registerFonts(double scale) {
    initResources();
    QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/Inter-Regular.otf"));
    QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/Inter-SemiBold.otf"));
    QApplication::setFont(uiFont(kBasePointSize * scale - QApplication::font().pointSizeF()));
}

QFont uiFont(double delta_pt, bool bold) {
    QFont font(QStringLiteral("Inter"));
    font.setPointSizeF(QApplication::font().pointSizeF() + delta_pt);
    font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    font.setHintingPreference(QFont::PreferNoHinting);  // even spacing, and the same picture on every machine
    return font;
}

}  // namespace fm
