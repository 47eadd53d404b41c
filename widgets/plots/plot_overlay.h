// What lies over a figure and is never exported: crosshair, read-out of values, focus ring. It is a widget of its own,
// so that moving the mouse repaints a box and not the figure.
#pragma once

#include <QColor>
#include <QList>
#include <QString>
#include <QWidget>

#include <optional>

#include "widgets/theme/theme.h"

namespace fm {

struct ReadOutLine {
    QColor colour;  // invalid: no swatch
    QString label;
    QString value;
};

struct ReadOut {
    QPointF at;  // in the overlay's pixels
    bool vertical = true;
    bool horizontal = true;
    QRectF box;  // outlined where one cell is meant; may be empty
    QString heading;
    QList<ReadOutLine> lines;
};

class PlotOverlay : public QWidget {
    Q_OBJECT
public:
    PlotOverlay(const ThemeSource& theme, QWidget* parent);
    void setReadOut(const std::optional<ReadOut>& read_out, const QRect& plot_area);
    const std::optional<ReadOut>& readOut() const { return read_out_; }
    // Where the crosshair of a linked figure stands along x.
    void setLinkedLine(std::optional<double> x, const QRect& plot_area);
    std::optional<double> linkedLine() const { return linked_x_; }
    void setFocusRing(bool shown);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void paintReadOut(QPainter& painter) const;
    void paintBox(QPainter& painter, const QRect& box, const QFontMetrics& metrics) const;
    QList<ReadOutLine> fittingLines(int line_height) const;

    const ThemeSource& theme_;
    std::optional<ReadOut> read_out_;
    std::optional<double> linked_x_;
    QRect plot_area_;
    bool focus_ring_ = false;
};

}  // namespace fm
