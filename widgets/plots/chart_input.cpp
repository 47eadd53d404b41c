// What ChartPlot answers to mouse and keyboard; how it fits and draws is in chart_plot.cpp.
#include <cmath>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/chart_plot.h"

namespace fm {

void ChartPlot::shift(double dx_px, double dy_px) {
    const auto move = [](QCPAxis& axis, double pixels) {
        if (pixels == 0) return;
        const double lower = axis.pixelToCoord(axis.coordToPixel(axis.range().lower) - pixels);
        const double upper = axis.pixelToCoord(axis.coordToPixel(axis.range().upper) - pixels);
        axis.setRange(lower, upper);
    };
    user_view_ = true;
    const Bounds all = bounds(0, 0);
    move(*chart_->xAxis, dx_px);
    keepInside(*chart_->xAxis, all.x_low, all.x_high);
    if (zoom_ == Zoom::Both || user_y_) {
        move(*chart_->yAxis, dy_px);
        keepInside(*chart_->yAxis, all.y_low, all.y_high);
    }
    viewMoved(dx_px != 0);
}

void ChartPlot::wheel(const QPoint& at, double factor, Qt::KeyboardModifiers modifiers) {
    const QRect area = plotArea();
    const bool over_y = at.x() < area.left() || at.x() > area.right();
    const bool over_x = at.y() > area.bottom();
    const bool only_y = over_y || (modifiers & Qt::ShiftModifier);
    const bool along_x = !only_y;
    const bool along_y = only_y || (!over_x && (zoom_ == Zoom::Both || (modifiers & Qt::ControlModifier)));
    user_view_ = true;
    const Bounds all = bounds(0, 0);
    if (along_x) {
        chart_->xAxis->scaleRange(factor, chart_->xAxis->pixelToCoord(at.x()));
        keepInside(*chart_->xAxis, all.x_low, all.x_high);
    }
    if (along_y) {
        user_y_ = true;
        chart_->yAxis->scaleRange(factor, chart_->yAxis->pixelToCoord(at.y()));
        keepInside(*chart_->yAxis, all.y_low, all.y_high);
    }
    viewMoved(along_x);
}

void ChartPlot::pan(int columns, int rows) {
    const QRect area = plotArea();
    shift(-columns * area.width() / 10.0, -rows * area.height() / 10.0);
}

QPointF ChartPlot::neighbour(double x, double y, int columns, int rows) const {
    constexpr double kPixels = 8;
    return QPointF(chart_->xAxis->pixelToCoord(chart_->xAxis->coordToPixel(x) + columns * kPixels),
                   chart_->yAxis->pixelToCoord(chart_->yAxis->coordToPixel(y) + rows * kPixels));
}

void ChartPlot::moveReadOut(int columns, int rows) {
    if (!hasData()) return;
    const QPointF from = crosshair_.value_or(QPointF(chart_->xAxis->range().center(), chart_->yAxis->range().center()));
    const QPointF to = neighbour(from.x(), from.y(), columns, rows);
    showReadOut(std::clamp(to.x(), xRange().first, xRange().second),
                std::clamp(to.y(), yRange().first, yRange().second));
}

void ChartPlot::showReadOut(double x, double y) {
    crosshair_ = QPointF(x, y);
    std::optional<ReadOut> read_out = readOutAt(x, y);
    if (read_out) read_out->at = QPointF(chart_->xAxis->coordToPixel(x), chart_->yAxis->coordToPixel(y));
    setReadOut(read_out);
    Q_EMIT crosshairMoved(x);
}

void ChartPlot::activate() {
    if (crosshair_ && hasData()) clicked(crosshair_->x(), crosshair_->y(), Qt::NoModifier);
}

bool ChartPlot::mousePressed(const QPoint& at, Qt::MouseButton button) {
    setFocus(Qt::MouseFocusReason);
    if (button != Qt::LeftButton) return false;
    press_ = last_drag_ = at;
    dragging_ = false;
    return true;
}

bool ChartPlot::mouseMoved(const QPoint& at, Qt::MouseButtons buttons) {
    if (press_ && (buttons & Qt::LeftButton)) {
        if (!dragging_ && (at - *press_).manhattanLength() < QApplication::startDragDistance()) return true;
        dragging_ = true;
        setReadOut(std::nullopt);
        shift(at.x() - last_drag_.x(), at.y() - last_drag_.y());
        last_drag_ = at;
        return true;
    }
    if (plotArea().contains(at)) {
        showReadOut(chart_->xAxis->pixelToCoord(at.x()), chart_->yAxis->pixelToCoord(at.y()));
    } else {
        setReadOut(std::nullopt);
    }
    return true;
}

bool ChartPlot::released(const QPoint& at, Qt::KeyboardModifiers modifiers) {
    const bool click = press_ && !dragging_ && plotArea().contains(at);
    press_.reset();
    dragging_ = false;
    if (click) clicked(chart_->xAxis->pixelToCoord(at.x()), chart_->yAxis->pixelToCoord(at.y()), modifiers);
    return true;
}

bool ChartPlot::eventFilter(QObject* watched, QEvent* event) {
    if (watched != chart_) return PlotFrame::eventFilter(watched, event);
    const auto* mouse = static_cast<QMouseEvent*>(event);
    switch (event->type()) {
        case QEvent::MouseButtonPress:
            return mousePressed(mouse->pos(), mouse->button());
        case QEvent::MouseMove:
            return mouseMoved(mouse->pos(), mouse->buttons());
        case QEvent::MouseButtonRelease:
            return mouse->button() == Qt::LeftButton && released(mouse->pos(), mouse->modifiers());
        case QEvent::MouseButtonDblClick:
            resetView();
            return true;
        case QEvent::Wheel: {
            const auto* turn = static_cast<QWheelEvent*>(event);
            const int delta = turn->angleDelta().y() != 0 ? turn->angleDelta().y() : turn->angleDelta().x();
            wheel(turn->position().toPoint(), std::pow(kZoomStep, delta / 120.0), turn->modifiers());
            return true;
        }
        case QEvent::Leave:
            setReadOut(std::nullopt);
            return false;
        case QEvent::Resize:
            markStale();
            return false;
        default:
            return false;
    }
}

}  // namespace fm
