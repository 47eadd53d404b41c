// How ParallelPlot looks; what it does is in parallel_plot.cpp.
#include <algorithm>
#include <cmath>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

constexpr std::size_t kSmoothSegments = 600;
constexpr double kBrushWidth = 12;
constexpr double kParallelSide = 10;

}  // namespace

QColor ParallelPlot::colourOf(const ParallelLine& line) const {
    const int axis = colour_axis_ >= 0 && colour_axis_ < static_cast<int>(axes_.size())
                         ? colour_axis_
                         : static_cast<int>(axes_.size()) - 1;
    const double share = shareOf(axis, line.values[static_cast<std::size_t>(axis)]);
    if (std::isnan(share)) return theme().text_faint;
    // The ends of the map are too near to the panel's colour for a thin line.
    return theme().kind == ThemeKind::Dark ? QColor(sequentialColour(0.35 + 0.65 * share))
                                           : QColor(sequentialColour(0.85 * share));
}

bool ParallelPlot::anyMissing() const {
    return std::any_of(scales_.begin(), scales_.end(), [](const Scale& scale) { return scale.any_missing; });
}

QPolygonF ParallelPlot::polyline(const ParallelLine& line, const QRectF& area) const {
    QPolygonF points;
    for (int axis = 0; axis < static_cast<int>(axes_.size()); ++axis) {
        points << QPointF(xOf(axis, area), yOf(axis, line.values[static_cast<std::size_t>(axis)], area));
    }
    return points;
}

void ParallelPlot::paintLines(QPainter& painter, const QRectF& area) const {
    painter.setBrush(Qt::NoBrush);
    // Smooth edges of hundreds of lines would take several frames, and nobody could tell them apart.
    painter.setRenderHint(QPainter::Antialiasing, lines_.size() * axes_.size() <= kSmoothSegments);
    painter.setPen(QPen(blended(theme().panel, theme().text_faint, 0.2), 1));
    for (const ParallelLine& line : lines_) {
        if (!isKept(line)) painter.drawPolyline(polyline(line, area));
    }
    for (const ParallelLine& line : lines_) {
        if (!isKept(line) || line.selected || line.pinned) continue;
        painter.setPen(QPen(blended(theme().panel, colourOf(line), 0.8), 1));
        painter.drawPolyline(polyline(line, area));
    }
    painter.setRenderHint(QPainter::Antialiasing);
    for (const ParallelLine& line : lines_) {
        if (!line.pinned && !line.selected) continue;
        painter.setPen(QPen(theme().panel, 4.5));
        painter.drawPolyline(polyline(line, area));
        painter.setPen(
            QPen(line.selected ? theme().full : theme().mark, 2, line.pinned ? Qt::DashLine : Qt::SolidLine));
        painter.drawPolyline(polyline(line, area));
        if (line.selected) paintIntervals(painter, line, area);
    }
}

void ParallelPlot::paintIntervals(QPainter& painter, const ParallelLine& line, const QRectF& area) const {
    painter.setPen(QPen(withAlpha(theme().full, 110), 5, Qt::SolidLine, Qt::FlatCap));
    for (std::size_t axis = 0; axis < std::min(line.intervals.size(), axes_.size()); ++axis) {
        const auto [low, high] = line.intervals[axis];
        if (!std::isfinite(low) || !std::isfinite(high)) continue;
        const double x = xOf(static_cast<int>(axis), area);
        const auto y = [&](double value) {
            const double share = shareOf(static_cast<int>(axis), value);
            return area.bottom() - std::clamp(std::isnan(share) ? 0.0 : share, 0.0, 1.0) * area.height();
        };
        painter.drawLine(QPointF(x, y(low)), QPointF(x, y(high)));
    }
}

void ParallelPlot::paintAxis(QPainter& painter, int axis, const QRectF& area) const {
    const auto index = static_cast<std::size_t>(axis);
    const double x = xOf(axis, area);
    painter.setPen(QPen(theme().text_faint, 1));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    const QFont font = uiFont(-1.5);
    const QFontMetricsF metrics(font);
    // Texts stand centred under and over their axis; those of the outer axes end with the figure.
    const double room = axes_.size() > 1 ? area.width() / static_cast<double>(axes_.size() - 1) - 6 : area.width();
    const double left = std::max(kParallelSide, x - room / 2);
    const double right = std::min(area.right() + area.left() - kParallelSide, x + room / 2);
    const auto align = x - room / 2 < kParallelSide ? Qt::AlignLeft
                       : x + room / 2 > right + 0.5 ? Qt::AlignRight
                                                    : Qt::AlignHCenter;
    const auto write = [&](double y, const QString& text, const QColor& colour, const QFont& used) {
        painter.setFont(used);
        painter.setPen(colour);
        painter.drawText(QRectF(left, y, right - left, metrics.height() + 2), align | Qt::AlignVCenter,
                         QFontMetricsF(used).elidedText(text, Qt::ElideRight, right - left));
    };
    const bool chosen = axis == chosen_axis_ && hasFocus();
    const QString unit = axes_[index].unit;
    write(2, axes_[index].label, chosen ? theme().accent : theme().text, uiFont(-1.5, chosen));
    const auto number = [&](double value) {  // as many digits as there is room for
        int digits = 4;
        while (digits > 1 && metrics.horizontalAdvance(formatNumber(value, digits)) > right - left) --digits;
        return formatNumber(value, std::min(digits, 3));
    };
    QString high = number(scales_[index].high);
    if (!unit.isEmpty() && metrics.horizontalAdvance(high + ' ' + unit) < right - left) high += ' ' + unit;
    write(area.top() - metrics.height() - 5, high, theme().text_faint, font);
    const double below = area.bottom() + (anyMissing() ? 18 : 4);
    write(below, number(scales_[index].low), theme().text_faint, font);
    const auto present = brush(axis);
    if (!present) return;
    const double top = yOf(axis, present->second, area), bottom = yOf(axis, present->first, area);
    painter.setPen(QPen(theme().accent, 1.2));
    painter.setBrush(withAlpha(theme().accent, 60));
    painter.drawRoundedRect(QRectF(x - kBrushWidth / 2, top, kBrushWidth, std::max(2.0, bottom - top)), 2, 2);
}

void ParallelPlot::paint(QPainter& painter, const QSize& size) const {
    painter.fillRect(QRect(QPoint(0, 0), size), theme().panel);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = axesArea(size);
    if (area.height() < 20) return;
    if (anyMissing()) {
        painter.setFont(uiFont(-2));
        painter.setPen(theme().text_faint);
        painter.drawText(QRectF(kParallelSide, area.bottom() + 4, area.left(), 16), Qt::AlignLeft | Qt::AlignVCenter,
                         tr("none"));
    }
    paintLines(painter, area);
    for (int axis = 0; axis < static_cast<int>(axes_.size()); ++axis) paintAxis(painter, axis, area);
}

}  // namespace fm
