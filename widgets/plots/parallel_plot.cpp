#include "widgets/plots/parallel_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/plots/chart_parts.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

QString axisTitle(const ParallelAxis& axis) {
    return axis.unit.isEmpty() ? axis.label : axis.label + QStringLiteral(", ") + axis.unit;
}

}  // namespace

ParallelPlot::ParallelPlot(const ThemeSource& theme_source, QWidget* parent)
    : PlotFrame(theme_source, QStringLiteral("parallel-coordinates"), parent) {
    setTitle(tr("Compare"));
    setSubtitle(tr("drag along an axis to filter"));
    setEmptyText(tr("Nothing to compare yet: probe a plan, or distil a hybrid."));
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

}  // namespace fm
