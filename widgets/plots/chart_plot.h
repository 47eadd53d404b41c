// A figure with axes: zoom, pan, crosshair, log scale, by mouse and by keyboard. New data never move a view that the
// user has chosen; until then the view follows the data.
#pragma once

#include <QPointF>

#include <optional>
#include <utility>

#include "widgets/plots/plot_frame.h"

class QCPAxis;
class QCustomPlot;

namespace fm {

class ChartPlot : public PlotFrame {
    Q_OBJECT
public:
    enum class Zoom {
        Horizontal,  // the wheel zooms along x; y follows what is visible, until it is zoomed itself
        Both
    };

    ChartPlot(const ThemeSource& theme, const QString& name, Zoom zoom, QWidget* parent);
    ~ChartPlot() override;

    std::pair<double, double> xRange() const;
    std::pair<double, double> yRange() const;
    bool userHasZoomed() const { return user_view_; }
    // For views that are linked along x: counts as the user's zoom and emits nothing.
    void setXRange(double low, double high);
    // The crosshair of a linked figure, as a line without values.
    void setLinkedCrosshair(std::optional<double> x);
    void resetView();
    void zoomBy(double factor);  // about the middle; below 1 shows more detail
    void setLogScale(bool on);
    bool logScale() const { return log_scale_; }

    // Where a point of the figure lies, in this widget's pixels.
    QPoint pixelOf(double x, double y) const;

Q_SIGNALS:
    void xRangeChanged(double low, double high);  // by the user's zoom or pan
    void viewReset();
    void crosshairMoved(double x);  // readOutHidden(): it is gone

protected:
    static constexpr double kZoomStep = 0.8;  // of the range, per notch of the wheel or key
    struct Bounds {
        double x_low = 0, x_high = 1;
        double y_low = 0, y_high = 1;
    };
    QCustomPlot& chart() const { return *chart_; }
    void allowLogScale();                                      // adds the action; key L
    void setOverscroll(double share) { overscroll_ = share; }  // how far beyond the data one may move, of their extent
    bool logAllowed() const { return log_action_ != nullptr; }
    // Draws with a function, while there are data, on a layer of the chart: "grid" below the curves, "main" among them,
    // "overlay" above everything.
    void addPainter(const QString& layer, const std::function<void(QCPPainter&)>& paint, bool clip_to_axes = true);
    int numColumns() const;  // of pixels between the left and the right axis

    // The data's extent; with `x_low` < `x_high` the y extent of what lies between them.
    virtual Bounds bounds(double x_low, double x_high) const = 0;
    virtual void prepare() {}  // hands to the chart what its ranges and size need
    virtual std::optional<ReadOut> readOutAt(double x, double y) const = 0;
    virtual void clicked(double x, double y, Qt::KeyboardModifiers modifiers) {
        Q_UNUSED(x)
        Q_UNUSED(y)
        Q_UNUSED(modifiers)
    }
    // Where the crosshair goes from (x, y) by keyboard.
    virtual QPointF neighbour(double x, double y, int columns, int rows) const;
    virtual void styleChanged() {}

    void refresh() override;
    void drawFigure(QCPPainter& painter, const QRect& area) override;
    QRect plotArea() const override;
    void themeChanged() override;
    void moveReadOut(int columns, int rows) override;
    void pan(int columns, int rows) override;
    void activate() override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void addViewActions();
    void followData();
    void makeReady();
    void viewMoved(bool along_x);
    void keepInside(QCPAxis& axis, double low, double high);
    void shift(double dx_px, double dy_px);
    void wheel(const QPoint& at, double factor, Qt::KeyboardModifiers modifiers);
    void showReadOut(double x, double y);
    bool mouseMoved(const QPoint& at, Qt::MouseButtons buttons);
    bool released(const QPoint& at, Qt::KeyboardModifiers modifiers);
    bool mousePressed(const QPoint& at, Qt::MouseButton button);

    QCustomPlot* chart_ = nullptr;
    Zoom zoom_;
    QAction* log_action_ = nullptr;
    double overscroll_ = 0;
    bool log_scale_ = false;
    bool user_view_ = false;
    bool user_y_ = false;
    int columns_override_ = 0;
    std::optional<QPoint> press_;  // where the button went down
    QPoint last_drag_;
    bool dragging_ = false;
    std::optional<QPointF> crosshair_;  // in the figure's units
};

}  // namespace fm
