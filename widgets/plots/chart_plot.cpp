#include "widgets/plots/chart_plot.h"

#include <cmath>

#include "widgets/plots/chart_parts.h"

namespace fm {

namespace {

constexpr double kSmallestShare = 1e-7;  // of the data's extent; doubles have no more to show

// Vector formats do not clip: hides what is drawn beyond the axis rectangle.
void paintCover(const QCustomPlot& chart, const Theme& theme, QCPPainter& painter) {
    if (!painter.modes().testFlag(QCPPainter::pmVectorized)) return;
    const QRect inside = chart.axisRect()->rect();
    const QRect all = chart.viewport();
    painter.fillRect(QRect(all.topLeft(), QPoint(all.right(), inside.top() - 1)), theme.panel);
    painter.fillRect(QRect(QPoint(all.left(), inside.bottom() + 1), all.bottomRight()), theme.panel);
    painter.fillRect(QRect(QPoint(all.left(), inside.top()), QPoint(inside.left() - 1, inside.bottom())), theme.panel);
    painter.fillRect(QRect(QPoint(inside.right() + 1, inside.top()), QPoint(all.right(), inside.bottom())),
                     theme.panel);
}

}  // namespace

ChartPlot::ChartPlot(const ThemeSource& theme_source, const QString& name, Zoom zoom, QWidget* parent)
    : PlotFrame(theme_source, name, parent), zoom_(zoom) {
    chart_ = new QCustomPlot(this);
    chart_->setLocale(QLocale::c());
    chart_->setMouseTracking(true);
    chart_->setNoAntialiasingOnDrag(false);
    chart_->setAutoAddPlottableToLegend(false);  // the header has the legend; that one would measure its texts unseen
    chart_->axisRect()->setMinimumMargins(QMargins(12, 8, 12, 8));
    chart_->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new IntegerTicker));
    chart_->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
    chart_->yAxis2->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
    chart_->addLayer(QStringLiteral("cover"), chart_->layer(QStringLiteral("main")), QCustomPlot::limAbove);
    auto* cover = new PaintedItem(chart_, QStringLiteral("cover"),
                                  [this](QCPPainter& painter) { paintCover(*chart_, theme(), painter); });
    cover->setClipToAxisRect(false);
    styleChart(*chart_, theme());
    setCanvas(chart_);
    chart_->installEventFilter(this);
    // The chart also redraws by itself when it is resized, so that this is the one place to prepare it.
    connect(chart_, &QCustomPlot::beforeReplot, this, [this] {
        if (hasData()) makeReady();
    });
    addViewActions();
}

ChartPlot::~ChartPlot() { chart_->removeEventFilter(this); }

void ChartPlot::addViewActions() {
    addFigureAction(tr("Zoom in"), {QKeySequence(Qt::Key_Plus), QKeySequence(Qt::Key_Equal)},
                    tr("Show more detail; the mouse wheel does it where the pointer is"),
                    [this] { zoomBy(kZoomStep); });
    addFigureAction(tr("Zoom out"), {QKeySequence(Qt::Key_Minus)}, tr("Show more of what lies around it"),
                    [this] { zoomBy(1 / kZoomStep); });
    addFigureAction(tr("Reset view"), {QKeySequence(Qt::Key_Home)},
                    tr("Show everything and follow new data; so does a double click"), [this] { resetView(); });
}

void ChartPlot::addPainter(const QString& layer, const std::function<void(QCPPainter&)>& paint, bool clip_to_axes) {
    auto* item = new PaintedItem(chart_, layer, [this, paint](QCPPainter& painter) {
        if (hasData()) paint(painter);
    });
    item->setClipToAxisRect(clip_to_axes);
}

void ChartPlot::allowLogScale() {
    log_action_ = addFigureAction(tr("Log scale"), {QKeySequence(Qt::Key_L)},
                                  tr("Draw the left axis in powers of ten; values of zero and below are left out"),
                                  [this] { setLogScale(log_action_->isChecked()); });
    log_action_->setCheckable(true);
}

std::pair<double, double> ChartPlot::xRange() const {
    return {chart_->xAxis->range().lower, chart_->xAxis->range().upper};
}

std::pair<double, double> ChartPlot::yRange() const {
    return {chart_->yAxis->range().lower, chart_->yAxis->range().upper};
}

int ChartPlot::numColumns() const {
    return columns_override_ > 0 ? columns_override_ : std::max(50, chart_->axisRect()->width());
}

QPoint ChartPlot::pixelOf(double x, double y) const {
    return chart_->pos() + QPointF(chart_->xAxis->coordToPixel(x), chart_->yAxis->coordToPixel(y)).toPoint();
}

QRect ChartPlot::plotArea() const { return chart_->axisRect()->rect(); }

void ChartPlot::setXRange(double low, double high) {
    if (!(low < high) || !hasData()) return;
    chart_->xAxis->setRange(low, high);
    user_view_ = true;
    viewMoved(false);
}

void ChartPlot::setLinkedCrosshair(std::optional<double> x) {
    const auto [low, high] = xRange();
    const bool seen = x && hasData() && *x >= low && *x <= high;
    setLinkedLine(seen ? std::optional(chart_->xAxis->coordToPixel(*x)) : std::nullopt);
}

void ChartPlot::resetView() {
    user_view_ = user_y_ = false;
    refreshNow();
    Q_EMIT viewReset();
}

void ChartPlot::zoomBy(double factor) { wheel(plotArea().center(), factor, Qt::NoModifier); }

void ChartPlot::setLogScale(bool on) {
    if (log_action_ == nullptr) return;
    log_scale_ = on;
    log_action_->setChecked(on);
    chart_->yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    chart_->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(on ? static_cast<QCPAxisTicker*>(new LogTicker)
                                                              : static_cast<QCPAxisTicker*>(new ValueTicker)));
    user_y_ = false;
    viewMoved(false);
}

// Until the user has moved the view, it is the data's extent. A view that shows none of the data (another run was
// chosen) is of no use to anybody and is given up.
void ChartPlot::followData() {
    const Bounds all = bounds(0, 0);
    const QCPRange x = chart_->xAxis->range();
    if (user_view_ && x.lower <= all.x_high && x.upper >= all.x_low) return;
    user_view_ = user_y_ = false;
    chart_->xAxis->setRange(all.x_low, all.x_high);
    chart_->yAxis->setRange(all.y_low, all.y_high);
}

void ChartPlot::makeReady() {
    followData();
    fitTickCounts(*chart_);
    prepare();
}

void ChartPlot::refresh() { chart_->replot(QCustomPlot::rpImmediateRefresh); }

void ChartPlot::drawFigure(QCPPainter& painter, const QRect& area) {
    const QCPPainter::PainterModes modes = painter.modes();
    const QRect viewport = chart_->viewport();
    columns_override_ = area.width();
    chart_->setViewport(QRect(0, 0, area.width(), area.height()));
    makeReady();
    painter.translate(area.topLeft());
    chart_->toPainter(&painter, area.width(), area.height());
    painter.translate(-area.topLeft());
    painter.setModes(modes);
    columns_override_ = 0;
    chart_->setViewport(viewport);
    markStale();  // the chart's layout is still that of the picture
}

void ChartPlot::themeChanged() {
    styleChart(*chart_, theme());
    styleChanged();
}

// y follows along with a zoom in x, at that moment only: data that come later change nothing.
void ChartPlot::viewMoved(bool by_user_along_x) {
    const auto [low, high] = xRange();
    if (zoom_ == Zoom::Horizontal && user_view_ && !user_y_) {
        const Bounds visible = bounds(low, high);
        chart_->yAxis->setRange(visible.y_low, visible.y_high);
    }
    if (by_user_along_x) Q_EMIT xRangeChanged(low, high);
    markStale();
}

void ChartPlot::keepInside(QCPAxis& axis, double low, double high) {
    if (axis.scaleType() == QCPAxis::stLogarithmic) return;
    const double room = (high - low) * overscroll_;
    const double size = std::clamp(axis.range().size(), (high - low) * kSmallestShare, high - low + 2 * room);
    double lower = axis.range().size() == size ? axis.range().lower : axis.range().center() - size / 2;
    lower = std::clamp(lower, low - room, std::max(low - room, high + room - size));
    axis.setRange(lower, lower + size);
}

}  // namespace fm
