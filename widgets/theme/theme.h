// Colours by meaning, for a light and a dark window. Full attention is amber and linear is blue wherever they appear.
#pragma once

#include <QColor>
#include <QFont>
#include <QList>
#include <QObject>

class QApplication;

namespace fm {

enum class ThemeKind { Light, Dark };

struct Theme {
    ThemeKind kind = ThemeKind::Dark;

    QColor full;       // a layer that keeps full attention
    QColor linear;     // a layer with linear attention
    QColor accent;     // what is active or measured
    QColor predicted;  // outline and dashes of what is only predicted
    QColor pinned;     // a choice the user forced
    QColor error;
    QColor warning;

    QColor text;
    QColor text_faint;
    QColor text_on_accent;  // on buttons filled with `accent`
    QColor window;          // between panels
    QColor panel;
    QColor panel_border;
    QColor field;      // empty cells, tracks of sliders, input fields
    QColor grid;       // lines inside a plot
    QColor selection;  // background of the selected row
    QColor hover;
    QColor mark;  // outlines of selected layers, cells and the step cursor

    QList<QColor> series;  // for curves without a meaning of their own: neither amber nor blue nor green

    static const Theme& of(ThemeKind kind);
};

// Owned by main() and handed to whoever paints; there is no global theme.
class ThemeSource : public QObject {
    Q_OBJECT
public:
    explicit ThemeSource(ThemeKind kind, QObject* parent = nullptr) : QObject(parent), kind_(kind) {}
    const Theme& theme() const { return Theme::of(kind_); }
    void setKind(ThemeKind kind);

Q_SIGNALS:
    void changed();

private:
    ThemeKind kind_;
};

// Black or white text, whichever is easier to read on `background`.
QColor readableOn(const QColor& background);
// `from` at share 0, `to` at share 1.
QColor blended(const QColor& from, const QColor& to, double share);
QColor withAlpha(QColor color, int alpha);

// Registers the bundled font and makes it the application's, `scale` times its usual size; call once after the
// application exists, before any text is measured.
void registerFonts(double scale = 1.0);
// The bundled font, `delta_pt` points larger or smaller than the application's.
QFont uiFont(double delta_pt = 0, bool bold = false);

// Palette, font and one style sheet for every class of widget in the window.
void applyTheme(QApplication& application, ThemeKind kind);

}  // namespace fm
