#include "widgets/plots/curve_plot.h"

#include <cmath>
#include <limits>

#include "widgets/plots/curve_parts.h"

namespace fm {

namespace {

QCPGraph* addGraph(QCustomPlot& chart, QCPAxis* value_axis) {
    QCPGraph* graph = chart.addGraph(chart.xAxis, value_axis);
    graph->setAdaptiveSampling(false);  // SeriesTiers has thinned exactly
    graph->setSelectable(QCP::stNone);
    return graph;
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
    // Wide enough for most labels, so that the figure does not jump while it is zoomed.
    chart().axisRect()->setMinimumMargins(QMargins(54, 8, 14, 8));
    addPainter(QStringLiteral("grid"), [this](QCPPainter& painter) { paintReferences(painter); });
    addPainter(QStringLiteral("overlay"), [this](QCPPainter& painter) { paintCursor(painter); });
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::setCurves(const std::vector<CurveSpec>& specs) {
    chart().clearGraphs();
    curves_.clear();
    step_extent_.reset();
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
    updateSubtitle();
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
    std::vector<double> steps, values;
    for (std::size_t i = curve.average.size(); i < curve.raw.size(); ++i) {
        steps.push_back(curve.raw.x()[i]);
        values.push_back(curve.ema.next(curve.raw.y()[i]));
    }
    curve.average.append(steps, values);
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

void CurvePlot::setAxisNames(const QString& left, const QString& right) {
    left_name_ = left;
    right_name_ = right;
    updateAxisTitles();
}

void CurvePlot::setSubject(const QString& subject) {
    subject_ = subject;
    updateSubtitle();
}

void CurvePlot::updateSubtitle() {
    QStringList parts;
    if (!subject_.isEmpty()) parts << subject_;
    const bool averaged =
        std::any_of(curves_.begin(), curves_.end(), [](const auto& curve) { return curve->spec.smooth; });
    if (beta_ > 0 && averaged) parts << tr("raw faint, EMA %1 debiased").arg(formatNumber(beta_, 4));
    if (band_shown_ && averaged) parts << tr("band: range of %1 steps").arg(bandWindow());
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

void CurvePlot::setStepExtent(double first, double last) {
    step_extent_ = {first, last};
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
        const QString name = right ? right_name_ : left_name_;
        setAxisTitle(right ? *chart().yAxis2 : *chart().yAxis,
                     units.isEmpty() ? name : units.join(QStringLiteral(", ")));
    }
}

bool CurvePlot::hasData() const {
    return std::any_of(curves_.begin(), curves_.end(), [](const auto& curve) { return curve->raw.size() > 0; });
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
    out << "step";
    for (const auto& curve : curves_) {
        const QString unit = curve->spec.unit.isEmpty() ? QString() : " [" + curve->spec.unit + "]";
        out << ',' << csvText(curve->spec.id + unit);
    }
    out << '\n';
    // Merged by step: every curve's points are in order.
    std::vector<std::size_t> at(curves_.size(), 0);
    while (true) {
        double step = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < curves_.size(); ++c) {
            if (at[c] < curves_[c]->raw.size()) step = std::min(step, curves_[c]->raw.x()[at[c]]);
        }
        if (std::isinf(step)) break;
        out << exactNumber(step);
        for (std::size_t c = 0; c < curves_.size(); ++c) {
            const SeriesTiers& raw = curves_[c]->raw;
            const bool here = at[c] < raw.size() && raw.x()[at[c]] == step;
            out << ',' << (here ? exactNumber(raw.y()[at[c]++]) : QString());
        }
        out << '\n';
    }
}

}  // namespace fm
