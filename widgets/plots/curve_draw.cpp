// How CurvePlot fits its axes and draws; what it holds and answers is in curve_plot.cpp.
#include <cmath>
#include <limits>

#include "widgets/plots/curve_parts.h"

namespace fm {

namespace {

constexpr int kDotRoomPx = 12;             // per point, where each gets a dot
constexpr double kSmoothLengthPx = 40000;  // of all curves; their edges are smoothed in 4 ms
constexpr double kMargin = 0.05;           // free space above and below the curves, of their extent

struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool any() const { return low <= high; }
};

// With some air around it; never empty.
std::pair<double, double> padded(Extent extent, bool log) {
    if (!extent.any()) return log ? std::pair(0.1, 1.0) : std::pair(0.0, 1.0);
    if (log) return {extent.low / 1.3, extent.high * 1.3};
    const double room = extent.high > extent.low ? (extent.high - extent.low) * kMargin
                                                 : std::max(1e-12, std::abs(extent.high) * 0.1 + 1e-9);
    return {extent.low - room, extent.high + room};
}

void addExtremes(const SeriesTiers& series, double x_low, double x_high, bool log, Extent& extent) {
    const auto [begin, end] =
        x_low < x_high ? series.indicesIn(x_low, x_high) : std::pair(std::size_t{0}, series.size());
    const Extremes found = series.extremes(begin, end);
    if (!found.any) return;
    if (!log || series.y()[found.low] > 0) {
        extent.add(series.y()[found.low]);
        extent.add(series.y()[found.high]);
        return;
    }
    for (std::size_t i = begin; i < end; ++i) {  // rare: a log axis under values of zero and below
        if (series.y()[i] > 0) extent.add(series.y()[i]);
    }
}

void hand(QCPGraph& graph, const std::vector<double>& x, const std::vector<double>& y) {
    graph.setData(QVector<double>(x.begin(), x.end()), QVector<double>(y.begin(), y.end()), true);
}

}  // namespace

QColor CurvePlot::colourOf(const Curve& curve) const {
    const Theme& colours = theme();
    switch (curve.spec.colour) {
        case CurveColour::Full:
            return colours.full;
        case CurveColour::Linear:
            return colours.linear;
        case CurveColour::Accent:
            return colours.accent;
        case CurveColour::Text:
            return colours.text;
        case CurveColour::Faint:
            return colours.text_faint;
        case CurveColour::Next:
            break;
    }
    return colours.series[curve.position % colours.series.size()];
}

// A line that goes up and down all the time fills its columns: smoothing its edges would show nothing and cost several
// frames. `length` is what is drawn of it, in pixels up and down.
void CurvePlot::styleCurve(Curve& curve, double raw_length, double average_length) {
    const QColor colour = colourOf(curve);
    const bool averaged = beta_ > 0 && curve.spec.smooth;
    const double limit = kSmoothLengthPx / static_cast<double>(curves_.size());
    const bool raw_rough = raw_length > limit;
    const bool average_rough = average_length > limit / 2;
    const Qt::PenStyle style = curve.spec.right_axis ? Qt::DashLine : Qt::SolidLine;
    const double raw_width = raw_rough || averaged ? 1.0 : 1.5;
    curve.raw_graph->setPen(
        QPen(averaged ? withAlpha(colour, 75) : colour, raw_width, raw_rough ? Qt::SolidLine : style));
    curve.average_graph->setPen(QPen(colour, average_rough ? 1.0 : 1.8, style, Qt::FlatCap, Qt::BevelJoin));
    curve.raw_graph->setAntialiased(!raw_rough);
    curve.average_graph->setAntialiased(!average_rough);
}

double CurvePlot::drawnLength(const Curve& curve, const std::vector<double>& y) const {
    const QCPAxis& axis = curve.spec.right_axis ? *chart().yAxis2 : *chart().yAxis;
    const double top = plotArea().top(), bottom = plotArea().bottom();
    double length = 0;
    double last = std::numeric_limits<double>::quiet_NaN();
    for (const double value : y) {
        const double pixel = std::clamp(axis.coordToPixel(value), top, bottom);
        if (!std::isnan(last) && !std::isnan(pixel)) length += std::abs(pixel - last);
        last = pixel;
    }
    return length;
}

void CurvePlot::styleChanged() {
    for (const auto& curve : curves_) {
        curve->band_low->setPen(Qt::NoPen);
        curve->band_high->setPen(Qt::NoPen);
        curve->band_high->setBrush(withAlpha(colourOf(*curve), 40));
    }
    updateLegend();
    updateAxisTitles();
}

ChartPlot::Bounds CurvePlot::bounds(double x_low, double x_high) const {
    Extent x, y;
    for (const auto& curve : curves_) {
        if (curve->raw.size() == 0) continue;
        x.add(curve->raw.x().front());
        x.add(curve->raw.x().back());
        if (curve->shown && !curve->spec.right_axis) addExtremes(curve->raw, x_low, x_high, logScale(), y);
    }
    if (step_extent_) {
        x.add(step_extent_->first);
        x.add(step_extent_->second);
    }
    for (const ReferenceLine& line : references_) {
        if (!logScale() || line.value > 0) y.add(line.value);
    }
    const std::pair<double, double> range = fixed_y_ && !logScale() ? *fixed_y_ : padded(y, logScale());
    const double room = x.high > x.low ? 0 : 0.5;  // a single step stands in the middle
    return {x.low - room, x.high + room, range.first, range.second};
}

std::size_t CurvePlot::bandWindow() const {
    return beta_ > 0 ? static_cast<std::size_t>(std::lround(1 / (1 - beta_))) : 1;
}

void CurvePlot::prepareBand(Curve& curve) {
    const bool shown = curve.shown && curve.spec.smooth && band_shown_;
    curve.band_low->setVisible(shown);
    curve.band_high->setVisible(shown);
    if (!shown) return;
    const auto [low, high] = xRange();
    const ThinnedBand band = curve.raw.band(low, high, numColumns(), bandWindow());
    hand(*curve.band_low, band.x, band.low);
    hand(*curve.band_high, band.x, band.high);
}

void CurvePlot::prepareCurve(Curve& curve) {
    const auto [low, high] = xRange();
    const bool averaged = beta_ > 0 && curve.spec.smooth;
    curve.raw_graph->setVisible(curve.shown);
    curve.average_graph->setVisible(curve.shown && averaged);
    prepareBand(curve);
    if (!curve.shown) return;
    const ThinnedCurve raw = curve.raw.thinned(low, high, numColumns());
    const ThinnedCurve average = averaged ? curve.average.thinned(low, high, numColumns()) : ThinnedCurve();
    hand(*curve.raw_graph, raw.x, raw.y);
    hand(*curve.average_graph, average.x, average.y);
    styleCurve(curve, drawnLength(curve, raw.y), drawnLength(curve, average.y));
    // Few points are measurements far apart: each gets a dot, and a single one has no line anyway.
    const auto [begin, end] = curve.raw.indicesIn(low, high);
    const bool dots = end - begin <= static_cast<std::size_t>(numColumns() / kDotRoomPx);
    curve.raw_graph->setScatterStyle(dots ? QCPScatterStyle(QCPScatterStyle::ssDisc, 4.5)
                                          : QCPScatterStyle(QCPScatterStyle::ssNone));
}

void CurvePlot::fitRightAxis() {
    const bool log = chart().yAxis2->scaleType() == QCPAxis::stLogarithmic;
    Extent extent;
    bool any = false;
    for (const auto& curve : curves_) {
        if (!curve->spec.right_axis || !curve->shown) continue;
        any = true;
        addExtremes(curve->raw, 0, 0, log, extent);
    }
    chart().yAxis2->setVisible(any);
    if (!log && extent.any() && extent.low > 0 && extent.low < 0.5 * extent.high) extent.add(0);  // a scale from zero
    const auto [low, high] = padded(extent, log);
    chart().yAxis2->setRange(extent.low == 0 ? 0 : low, high);
}

void CurvePlot::prepare() {
    fitRightAxis();
    for (const auto& curve : curves_) prepareCurve(*curve);
}

void CurvePlot::paintReferences(QCPPainter& painter) const {
    painter.setFont(uiFont(-1.75));
    const QRect area = plotArea();
    for (const ReferenceLine& line : references_) {
        const double y = chart().yAxis->coordToPixel(line.value);
        if (y < area.top() || y > area.bottom()) continue;
        painter.setPen(QPen(theme().text_faint, 1, Qt::DotLine));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(theme().text_faint);
        const bool below = y - area.top() < 16;
        painter.drawText(QRectF(area.left() + 4, below ? y + 1 : y - 16, area.width() - 8, 15),
                         Qt::AlignLeft | Qt::AlignVCenter, line.label);
    }
}

void CurvePlot::paintCursor(QCPPainter& painter) const {
    if (!cursor_) return;
    const double x = chart().xAxis->coordToPixel(*cursor_);
    painter.setPen(QPen(theme().mark, 1.2));
    painter.drawLine(QPointF(x, plotArea().top()), QPointF(x, plotArea().bottom() + 1));
}

}  // namespace fm
