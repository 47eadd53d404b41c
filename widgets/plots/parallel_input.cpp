// What ParallelPlot answers to mouse and keyboard.
#include <algorithm>
#include <cmath>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/parallel_plot.h"

namespace fm {

namespace {

constexpr double kAxisReach = 12;  // pixels from an axis in which the mouse brushes it
constexpr double kLineReach = 7;
constexpr double kKeyStep = 0.05;  // of an axis, per key press

}  // namespace

std::optional<int> ParallelPlot::axisNear(const QPointF& at) const {
    const QRectF area = axesArea(canvas()->size());
    for (int axis = 0; axis < static_cast<int>(axes_.size()); ++axis) {
        if (std::abs(at.x() - xOf(axis, area)) <= kAxisReach) return axis;
    }
    return std::nullopt;
}

std::optional<std::size_t> ParallelPlot::lineNear(const QPointF& at) const {
    const QRectF area = axesArea(canvas()->size());
    std::optional<std::size_t> best;
    double best_distance = kLineReach;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (!isKept(lines_[i])) continue;
        const QPolygonF points = polyline(lines_[i], area);
        for (qsizetype p = 1; p < points.size(); ++p) {
            const QPointF& a = points[p - 1];
            const QPointF& b = points[p];
            if (at.x() < a.x() || at.x() > b.x()) continue;
            const double y = a.y() + (b.y() - a.y()) * (at.x() - a.x()) / std::max(1.0, b.x() - a.x());
            if (std::abs(y - at.y()) > best_distance) continue;
            best = i;
            best_distance = std::abs(y - at.y());
        }
    }
    return best;
}

void ParallelPlot::moveBrushEnd(bool upper, int rows) {
    if (rows == 0 || !hasData()) return;
    const Scale& scale = scales_[static_cast<std::size_t>(chosen_axis_)];
    auto [low, high] = brush(chosen_axis_).value_or(std::pair(scale.low, scale.high));
    double& end = upper ? high : low;
    const double share = std::clamp(shareOf(chosen_axis_, end) - rows * kKeyStep, 0.0, 1.0);
    end = valueAt(chosen_axis_, share);
    if (low <= high) setBrush(chosen_axis_, std::pair(low, high));
}

void ParallelPlot::pan(int columns, int rows) {
    const int count = static_cast<int>(axes_.size());
    if (count == 0) return;
    chosen_axis_ = (chosen_axis_ + columns + count) % count;
    moveBrushEnd(false, rows);
    markStale();
}

void ParallelPlot::moveReadOut(int, int rows) { moveBrushEnd(true, rows); }

void ParallelPlot::activate() {
    if (!hasData()) return;
    if (brush(chosen_axis_)) return setBrush(chosen_axis_, std::nullopt);
    setBrush(chosen_axis_, std::pair(valueAt(chosen_axis_, 0.5), valueAt(chosen_axis_, 1)));
}

void ParallelPlot::pressed(const QPointF& at) {
    setFocus(Qt::MouseFocusReason);
    press_ = at;
    const std::optional<int> axis = axisNear(at);
    if (!axis) return;
    chosen_axis_ = *axis;
    const QRectF area = axesArea(canvas()->size());
    const double value = valueAt(*axis, std::clamp((area.bottom() - at.y()) / area.height(), 0.0, 1.0));
    const auto present = brush(*axis);
    const bool inside = present && value >= present->first && value <= present->second;
    drag_ = Drag{*axis, value, inside ? present : std::nullopt};
}

void ParallelPlot::dragged(const QPointF& at) {
    if (!drag_ || std::abs(at.y() - press_.y()) < 3) return;
    const QRectF area = axesArea(canvas()->size());
    const int axis = drag_->axis;
    const double share = std::clamp((area.bottom() - at.y()) / area.height(), 0.0, 1.0);
    if (!drag_->moved) return setBrush(axis, std::pair(drag_->from, valueAt(axis, share)));
    const double low = shareOf(axis, drag_->moved->first), high = shareOf(axis, drag_->moved->second);
    const double shift = std::clamp(share - shareOf(axis, drag_->from), -low, 1 - high);
    setBrush(axis, std::pair(valueAt(axis, low + shift), valueAt(axis, high + shift)));
}

void ParallelPlot::released(const QPointF& at, Qt::KeyboardModifiers modifiers) {
    const bool click = (at - press_).manhattanLength() < 3;
    if (click && drag_) {
        setBrush(drag_->axis, std::nullopt);
    } else if (click) {
        if (const auto line = lineNear(at)) Q_EMIT lineClicked(lines_[*line].id, modifiers);
    }
    drag_.reset();
}

void ParallelPlot::hovered(const QPointF& at) {
    canvas()->setCursor(axisNear(at) ? Qt::SizeVerCursor : Qt::ArrowCursor);
    const auto line = lineNear(at);
    if (!line) return setReadOut(std::nullopt);
    ReadOut out;
    out.at = at;
    out.vertical = out.horizontal = false;
    out.heading = lines_[*line].label;
    for (std::size_t a = 0; a < axes_.size(); ++a) {
        const QString unit = axes_[a].unit.isEmpty() ? QString() : QStringLiteral(" ") + axes_[a].unit;
        out.lines << ReadOutLine{QColor(), axes_[a].label, formatNumber(lines_[*line].values[a], 4) + unit};
    }
    setReadOut(out);
}

bool ParallelPlot::eventFilter(QObject* watched, QEvent* event) {
    if (watched != canvas()) return PlotFrame::eventFilter(watched, event);
    const auto* mouse = static_cast<QMouseEvent*>(event);
    switch (event->type()) {
        case QEvent::Paint: {
            QPainter painter(canvas());
            paint(painter, canvas()->size());
            return true;
        }
        case QEvent::MouseButtonPress:
            if (mouse->button() == Qt::LeftButton) pressed(mouse->position());
            return mouse->button() == Qt::LeftButton;
        case QEvent::MouseMove:
            (mouse->buttons() & Qt::LeftButton) ? dragged(mouse->position()) : hovered(mouse->position());
            return true;
        case QEvent::MouseButtonRelease:
            if (mouse->button() == Qt::LeftButton) released(mouse->position(), mouse->modifiers());
            return mouse->button() == Qt::LeftButton;
        case QEvent::MouseButtonDblClick:
            clearBrushes();
            return true;
        case QEvent::Leave:
            setReadOut(std::nullopt);
            return false;
        default:
            return false;
    }
}

}  // namespace fm
