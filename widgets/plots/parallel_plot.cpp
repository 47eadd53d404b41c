#include "widgets/plots/parallel_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/plots/chart_parts.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

constexpr double kAxisReach = 12;  // pixels from an axis in which the mouse brushes it
constexpr double kLineReach = 7;
constexpr double kKeyStep = 0.05;  // of an axis, per key press

QString axisTitle(const ParallelAxis& axis) {
    return axis.unit.isEmpty() ? axis.label : axis.label + QStringLiteral(", ") + axis.unit;
}

}  // namespace

ParallelPlot::ParallelPlot(const ThemeSource& theme_source, QWidget* parent)
    : PlotFrame(theme_source, QStringLiteral("parallel-coordinates"), parent) {
    setTitle(tr("Compare"));
    setSubtitle(tr("drag along an axis to filter"));
    setEmptyText(tr("No runs to compare yet."));
    setAccessibleSummary(
        tr("Parallel coordinates of runs: left and right choose an axis, Enter sets or clears its "
           "filter, up and down move its lower end, with Shift its upper end"));
    addFigureAction(tr("Clear all filters"), {QKeySequence(Qt::Key_Home)}, tr("Show every run; so does a double click"),
                    [this] { clearBrushes(); });
    auto* canvas = new QWidget(this);
    canvas->setMouseTracking(true);
    setCanvas(canvas);
    canvas->installEventFilter(this);
}

void ParallelPlot::setAxes(const std::vector<ParallelAxis>& axes) {
    axes_ = axes;
    lines_.clear();
    brushes_.clear();
    chosen_axis_ = 0;
    updateScales();
    markStale();
}

void ParallelPlot::setLines(const std::vector<ParallelLine>& lines) {
    lines_ = lines;
    for (ParallelLine& line : lines_) line.values.resize(axes_.size(), std::numeric_limits<double>::quiet_NaN());
    updateScales();
    markStale();
}

void ParallelPlot::setColourAxis(int axis) {
    colour_axis_ = axis;
    markStale();
}

void ParallelPlot::updateScales() {
    scales_.assign(axes_.size(), Scale());
    for (std::size_t a = 0; a < axes_.size(); ++a) {
        double low = std::numeric_limits<double>::infinity(), high = -low;
        for (const ParallelLine& line : lines_) {
            const double value = line.values[a];
            const bool missing = !std::isfinite(value) || (axes_[a].log && value <= 0);
            scales_[a].any_missing = scales_[a].any_missing || missing;
            if (missing) continue;
            low = std::min(low, value);
            high = std::max(high, value);
        }
        if (low > high) continue;
        if (low == high) {
            low = axes_[a].log ? low / 2 : low - std::max(1e-9, std::abs(low) * 0.1);
            high = axes_[a].log ? high * 2 : high + std::max(1e-9, std::abs(high) * 0.1);
        }
        scales_[a].low = low;
        scales_[a].high = high;
    }
}

QRectF ParallelPlot::axesArea(const QSize& size) const {
    const double line = QFontMetricsF(uiFont(-1.5)).height();
    return QRectF(46, 2 * line + 10, size.width() - 92, size.height() - 2 * line - 10 - line - 22);
}

QRect ParallelPlot::plotArea() const { return axesArea(canvas()->size()).toRect(); }

double ParallelPlot::xOf(int axis, const QRectF& area) const {
    if (axes_.size() < 2) return area.center().x();
    return area.left() + area.width() * axis / static_cast<double>(axes_.size() - 1);
}

double ParallelPlot::shareOf(int axis, double value) const {
    const Scale& scale = scales_[static_cast<std::size_t>(axis)];
    const bool log = axes_[static_cast<std::size_t>(axis)].log;
    if (!std::isfinite(value) || (log && value <= 0)) return std::numeric_limits<double>::quiet_NaN();
    return log ? std::log(value / scale.low) / std::log(scale.high / scale.low)
               : (value - scale.low) / (scale.high - scale.low);
}

double ParallelPlot::valueAt(int axis, double share) const {
    const Scale& scale = scales_[static_cast<std::size_t>(axis)];
    return axes_[static_cast<std::size_t>(axis)].log ? scale.low * std::pow(scale.high / scale.low, share)
                                                     : scale.low + share * (scale.high - scale.low);
}

double ParallelPlot::yOf(int axis, double value, const QRectF& area) const {
    const double share = shareOf(axis, value);
    return std::isnan(share) ? area.bottom() + 12 : area.bottom() - share * area.height();
}

QPoint ParallelPlot::pixelOf(int axis, double value) const {
    const QRectF area = axesArea(canvas()->size());
    return canvas()->pos() + QPointF(xOf(axis, area), yOf(axis, value, area)).toPoint();
}

void ParallelPlot::setBrush(int axis, std::optional<std::pair<double, double>> low_high) {
    if (axis < 0 || static_cast<std::size_t>(axis) >= axes_.size()) return;
    if (low_high) {
        brushes_[axis] = std::minmax(low_high->first, low_high->second);
    } else {
        brushes_.erase(axis);
    }
    brushesChanged();
}

void ParallelPlot::clearBrushes() {
    brushes_.clear();
    brushesChanged();
}

void ParallelPlot::brushesChanged() {
    markStale();
    Q_EMIT brushed(keptIds());
}

std::optional<std::pair<double, double>> ParallelPlot::brush(int axis) const {
    const auto found = brushes_.find(axis);
    return found == brushes_.end() ? std::nullopt : std::optional(found->second);
}

// Negated comparisons: a missing value lies in no brush.
bool ParallelPlot::isKept(const ParallelLine& line) const {
    return line.pinned || std::all_of(brushes_.begin(), brushes_.end(), [&line](const auto& brush) {
               const double value = line.values[static_cast<std::size_t>(brush.first)];
               return value >= brush.second.first && value <= brush.second.second;
           });
}

std::vector<QString> ParallelPlot::keptIds() const {
    std::vector<QString> ids;
    for (const ParallelLine& line : lines_) {
        if (isKept(line)) ids.push_back(line.id);
    }
    return ids;
}

void ParallelPlot::refresh() { canvas()->update(); }

void ParallelPlot::drawFigure(QCPPainter& painter, const QRect& area) {
    painter.translate(area.topLeft());
    paint(painter, area.size());
    painter.translate(-area.topLeft());
}

void ParallelPlot::writeCsv(QTextStream& out) const {
    out << "id,label";
    for (const ParallelAxis& axis : axes_) out << ',' << csvText(axisTitle(axis));
    out << ",kept\n";
    for (const ParallelLine& line : lines_) {
        out << csvText(line.id) << ',' << csvText(line.label);
        for (const double value : line.values) out << ',' << exactNumber(value);
        out << (isKept(line) ? ",1\n" : ",0\n");
    }
}

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
