#include "widgets/plots/curve_plot.h"

#include <cmath>
#include <limits>
#include <map>

#include "widgets/plots/chart_parts.h"

namespace fm {

struct CurvePlot::Curve {
    CurveSpec spec;
    int position = 0;
    SeriesTiers raw;
    SeriesTiers average;
    DebiasedEma ema;
    bool shown = true;
    QCPGraph* raw_graph = nullptr;
    QCPGraph* average_graph = nullptr;
    QCPGraph* band_low = nullptr;
    QCPGraph* band_high = nullptr;
};

namespace {

constexpr double kMargin = 0.05;  // free space above and below the curves, of their extent

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

QCPGraph* addGraph(QCustomPlot& chart, QCPAxis* value_axis) {
    QCPGraph* graph = chart.addGraph(chart.xAxis, value_axis);
    graph->setAdaptiveSampling(false);  // SeriesTiers has thinned exactly
    graph->setSelectable(QCP::stNone);
    return graph;
}

void hand(QCPGraph& graph, const std::vector<double>& x, const std::vector<double>& y) {
    graph.setData(QVector<double>(x.begin(), x.end()), QVector<double>(y.begin(), y.end()), true);
}

}  // namespace

CurvePlot::CurvePlot(const ThemeSource& theme_source, const QString& name, QWidget* parent)
    : ChartPlot(theme_source, name, Zoom::Horizontal, parent) {
    setOverscroll(0.1);
    allowLogScale();
    right_log_action_ = addFigureAction(tr("Log scale, right axis"), {QKeySequence(Qt::SHIFT | Qt::Key_L)},
                                        tr("Draw the right axis in powers of ten"),
                                        [this] { setRightLogScale(right_log_action_->isChecked()); });
    right_log_action_->setCheckable(true);
    band_action_ = addFigureAction(tr("Band of smallest and largest"), {QKeySequence(Qt::Key_B)},
                                   tr("Fill between the smallest and the largest value that the average looks back on"),
                                   [this] { setBandShown(band_action_->isChecked()); });
    band_action_->setCheckable(true);
    setAxisTitle(*chart().xAxis, tr("step"));
    updateSubtitle();
    addPainter(QStringLiteral("grid"), [this](QCPPainter& painter) { paintReferences(painter); });
    addPainter(QStringLiteral("overlay"), [this](QCPPainter& painter) { paintCursor(painter); });
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::setCurves(const std::vector<CurveSpec>& specs) {
    chart().clearGraphs();
    curves_.clear();
    int position = 0;
    for (const CurveSpec& spec : specs) {
        auto curve = std::make_unique<Curve>();
        QCPAxis* axis = spec.right_axis ? chart().yAxis2 : chart().yAxis;
        curve->spec = spec;
        curve->position = spec.colour == CurveColour::Next ? position++ : 0;
        curve->band_low = addGraph(chart(), axis);
        curve->band_high = addGraph(chart(), axis);
        curve->band_high->setChannelFillGraph(curve->band_low);
        curve->raw_graph = addGraph(chart(), axis);
        curve->average_graph = addGraph(chart(), axis);
        curve->ema = DebiasedEma(beta_);
        curves_.push_back(std::move(curve));
    }
    styleChanged();
    markStale();
}

void CurvePlot::append(std::size_t index, std::span<const double> x, std::span<const double> y) {
    if (index >= curves_.size()) return;
    curves_[index]->raw.append(x, y);
    extendAverage(*curves_[index]);
    markStale();
}

void CurvePlot::clear() {
    for (const auto& curve : curves_) {
        curve->raw.clear();
        curve->average.clear();
        curve->ema = DebiasedEma(beta_);
    }
    markStale();
}

void CurvePlot::extendAverage(Curve& curve) {
    if (beta_ <= 0 || !curve.spec.smooth) return;
    const std::size_t begin = curve.average.size();
    std::vector<double> values;
    for (std::size_t i = begin; i < curve.raw.size(); ++i) values.push_back(curve.ema.next(curve.raw.y()[i]));
    curve.average.append(std::span(curve.raw.x()).subspan(begin), values);
}

void CurvePlot::rebuildAverages() {
    for (const auto& curve : curves_) {
        curve->average.clear();
        curve->ema = DebiasedEma(beta_);
        extendAverage(*curve);
    }
    styleChanged();
    markStale();
}

void CurvePlot::setSmoothing(double beta) {
    beta_ = std::clamp(beta, 0.0, 0.9999);
    rebuildAverages();
    updateSubtitle();
}

void CurvePlot::setBandShown(bool shown) {
    band_shown_ = shown;
    band_action_->setChecked(shown);
    updateSubtitle();
    markStale();
}

void CurvePlot::setSubject(const QString& subject) {
    subject_ = subject;
    updateSubtitle();
}

void CurvePlot::updateSubtitle() {
    QStringList parts;
    if (!subject_.isEmpty()) parts << subject_;
    if (beta_ > 0) parts << tr("raw faint, EMA %1 debiased").arg(formatNumber(beta_, 4));
    if (band_shown_) parts << tr("band: range of %1 steps").arg(bandWindow());
    setSubtitle(parts.join(QStringLiteral(" · ")));
}

void CurvePlot::setCurveShown(const QString& id, bool shown) {
    for (const auto& curve : curves_) {
        if (curve->spec.id == id) curve->shown = shown;
    }
    updateLegend();
    updateAxisTitles();
    markStale();
    Q_EMIT curveShownChanged(id, shown);
}

bool CurvePlot::curveShown(const QString& id) const {
    for (const auto& curve : curves_) {
        if (curve->spec.id == id) return curve->shown;
    }
    return false;
}

void CurvePlot::legendClicked(const QString& id) { setCurveShown(id, !curveShown(id)); }

void CurvePlot::setRightLogScale(bool on) {
    right_log_action_->setChecked(on);
    chart().yAxis2->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    chart().yAxis2->setTicker(QSharedPointer<QCPAxisTicker>(on ? static_cast<QCPAxisTicker*>(new LogTicker)
                                                               : static_cast<QCPAxisTicker*>(new ValueTicker)));
    markStale();
}

void CurvePlot::setStepCursor(std::optional<double> step) {
    cursor_ = step;
    markStale();
}

void CurvePlot::setReferences(const std::vector<ReferenceLine>& references) {
    references_ = references;
    markStale();
}

void CurvePlot::setFixedY(double low, double high) {
    fixed_y_ = {low, high};
    markStale();
}

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

void CurvePlot::styleChanged() {
    for (const auto& curve : curves_) {
        const QColor colour = colourOf(*curve);
        const bool averaged = beta_ > 0 && curve->spec.smooth;
        const Qt::PenStyle style = curve->spec.right_axis ? Qt::DashLine : Qt::SolidLine;
        curve->raw_graph->setPen(QPen(averaged ? withAlpha(colour, 75) : colour, averaged ? 1.0 : 1.5, style));
        curve->average_graph->setPen(QPen(colour, 1.8, style, Qt::FlatCap, Qt::BevelJoin));
        curve->band_low->setPen(Qt::NoPen);
        curve->band_high->setPen(Qt::NoPen);
        curve->band_high->setBrush(withAlpha(colour, 40));
    }
    updateLegend();
    updateAxisTitles();
}

void CurvePlot::updateLegend() {
    QList<LegendEntry> legend;
    for (const auto& curve : curves_) {
        LegendEntry entry;
        entry.mark = curve->spec.right_axis ? LegendEntry::Mark::Dashed : LegendEntry::Mark::Line;
        entry.colour = colourOf(*curve);
        entry.text = curve->spec.label + (curve->spec.right_axis ? tr(" (right)") : QString());
        entry.id = curve->spec.id;
        entry.shown = curve->shown;
        legend << entry;
    }
    setLegend(legend);
}

void CurvePlot::updateAxisTitles() {
    for (const bool right : {false, true}) {
        QStringList units;
        for (const auto& curve : curves_) {
            if (curve->spec.right_axis != right || !curve->shown || curve->spec.unit.isEmpty()) continue;
            if (!units.contains(curve->spec.unit)) units << curve->spec.unit;
        }
        setAxisTitle(right ? *chart().yAxis2 : *chart().yAxis, units.join(QStringLiteral(", ")));
    }
}

bool CurvePlot::hasData() const {
    return std::any_of(curves_.begin(), curves_.end(), [](const auto& curve) { return curve->raw.size() > 0; });
}

ChartPlot::Bounds CurvePlot::bounds(double x_low, double x_high) const {
    Extent x, y;
    for (const auto& curve : curves_) {
        if (curve->raw.size() == 0) continue;
        x.add(curve->raw.x().front());
        x.add(curve->raw.x().back());
        if (curve->shown && !curve->spec.right_axis) addExtremes(curve->raw, x_low, x_high, logScale(), y);
    }
    for (const ReferenceLine& line : references_) {
        if (!logScale() || line.value > 0) y.add(line.value);
    }
    const std::pair<double, double> range = fixed_y_ && !logScale() ? *fixed_y_ : padded(y, logScale());
    return {x.low, x.high > x.low ? x.high : x.low + 1, range.first, range.second};
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
    hand(*curve.raw_graph, raw.x, raw.y);
    // A single point has no line to draw.
    const QCPScatterStyle dot(QCPScatterStyle::ssDisc, 5);
    curve.raw_graph->setScatterStyle(curve.raw.size() == 1 ? dot : QCPScatterStyle(QCPScatterStyle::ssNone));
    if (!averaged) return;
    const ThinnedCurve average = curve.average.thinned(low, high, numColumns());
    hand(*curve.average_graph, average.x, average.y);
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
    for (const auto& curve : curves_) prepareCurve(*curve);
    fitRightAxis();
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

std::optional<ReadOut> CurvePlot::readOutAt(double x, double) const {
    ReadOut out;
    out.horizontal = false;
    for (const auto& curve : curves_) {
        const std::size_t at = curve->raw.nearest(x);
        if (!curve->shown || at >= curve->raw.size()) continue;
        if (out.heading.isEmpty()) out.heading = tr("step %1").arg(formatInteger(curve->raw.x()[at]));
        QString value = formatNumber(curve->raw.y()[at], 4);
        if (at < curve->average.size()) value += tr("  (avg %1)").arg(formatNumber(curve->average.y()[at], 4));
        const QString unit = curve->spec.unit.isEmpty() ? QString() : QStringLiteral(" ") + curve->spec.unit;
        out.lines << ReadOutLine{colourOf(*curve), curve->spec.label, value + unit};
    }
    return out.lines.isEmpty() ? std::nullopt : std::optional(out);
}

void CurvePlot::clicked(double x, double, Qt::KeyboardModifiers) {
    for (const auto& curve : curves_) {
        const std::size_t at = curve->raw.nearest(x);
        if (curve->shown && at < curve->raw.size()) return Q_EMIT stepClicked(curve->raw.x()[at]);
    }
}

QPointF CurvePlot::neighbour(double x, double y, int columns, int rows) const {
    for (const auto& curve : curves_) {
        const std::size_t at = curve->raw.nearest(x);
        if (!curve->shown || at >= curve->raw.size()) continue;
        const QPointF far = ChartPlot::neighbour(x, y, columns, rows);
        const std::size_t next = curve->raw.nearest(far.x());
        const auto last = static_cast<std::ptrdiff_t>(curve->raw.size()) - 1;
        const auto step = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at) + columns, 0, last);
        return QPointF(curve->raw.x()[next == at ? static_cast<std::size_t>(step) : next], far.y());
    }
    return QPointF(x, y);
}

void CurvePlot::writeCsv(QTextStream& out) const {
    std::map<double, std::vector<double>> rows;
    for (std::size_t c = 0; c < curves_.size(); ++c) {
        for (std::size_t i = 0; i < curves_[c]->raw.size(); ++i) {
            std::vector<double>& row = rows[curves_[c]->raw.x()[i]];
            row.resize(curves_.size(), std::numeric_limits<double>::quiet_NaN());
            row[c] = curves_[c]->raw.y()[i];
        }
    }
    out << "step";
    for (const auto& curve : curves_) {
        const QString unit = curve->spec.unit.isEmpty() ? QString() : " [" + curve->spec.unit + "]";
        out << ',' << csvText(curve->spec.id + unit);
    }
    out << '\n';
    for (const auto& [step, row] : rows) {
        out << exactNumber(step);
        for (const double value : row) out << ',' << exactNumber(value);
        out << '\n';
    }
}

}  // namespace fm
