#include "widgets/plots/gates_heatmap.h"

#include <cmath>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/gates_curves.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

constexpr int kStripWidth = 5;
constexpr int kStripGap = 4;

}  // namespace

GatesHeatmap::GatesHeatmap(const ThemeSource& theme_source, QWidget* parent)
    : ChartPlot(theme_source, QStringLiteral("gates-heat-map"), Zoom::Horizontal, parent) {
    setTitle(tr("Gates"));
    setSubtitle(tr("steps × layers"));
    setEmptyText(tr("No gate run yet. Start Gates to watch every layer's gate move from full attention to linear."));
    setLegend({sequentialLegend(tr("gate α"), tr("0 linear"), tr("1 full attention"))});
    chart().yAxis->setRangeReversed(true);
    chart().yAxis->grid()->setVisible(false);
    chart().axisRect()->setMinimumMargins(QMargins(12, 9, 12 + kStripWidth + kStripGap, 8));
    setAxisTitle(*chart().xAxis, tr("step"));
    setAxisTitle(*chart().yAxis, tr("layer"));
    addPainter(QStringLiteral("main"), [this](QCPPainter& painter) { paintMap(painter); });
    addPainter(
        QStringLiteral("overlay"),
        [this](QCPPainter& painter) {
            paintPlanStrip(painter);
            paintMarks(painter);
        },
        false);
}

void GatesHeatmap::setHistory(std::shared_ptr<const GateHistory> history) {
    history_ = std::move(history);
    chart().yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new LayerTicker(history_ ? history_->numLayers() : 0)));
    historyGrew();
}

void GatesHeatmap::historyGrew() {
    if (history_) {
        setAccessibleSummary(tr("Heat map of the gates of %1 layers over %2 steps; 1 is full attention, 0 linear")
                                 .arg(history_->numLayers())
                                 .arg(history_->numSteps()));
    }
    markStale();
}

void GatesHeatmap::setStepCursor(std::optional<double> step) {
    cursor_ = step;
    markStale();
}

void GatesHeatmap::setMarks(const LayerMarks& marks) {
    marks_ = marks;
    markStale();
}

bool GatesHeatmap::hasData() const { return history_ && history_->numSteps() > 0 && history_->numLayers() > 0; }

ChartPlot::Bounds GatesHeatmap::bounds(double, double) const {
    const double rows = history_->numLayers();
    return {history_->steps().front(), history_->cellEnd(history_->numSteps() - 1), -0.5, rows - 0.5};
}

// One column of the picture per pixel: a gate is held from its step to the next one.
void GatesHeatmap::paintMap(QCPPainter& painter) const {
    const QCPAxis& x_axis = *chart().xAxis;
    const QCPAxis& y_axis = *chart().yAxis;
    const Bounds all = bounds(0, 0);
    const double left = std::max(x_axis.coordToPixel(all.x_low), static_cast<double>(plotArea().left()));
    const double right = std::min(x_axis.coordToPixel(all.x_high), static_cast<double>(plotArea().right() + 1));
    const double scale = painter.device()->devicePixelRatioF();
    const int num_columns = static_cast<int>(std::ceil((right - left) * scale));
    if (num_columns < 1) return;
    std::vector<std::size_t> rows(static_cast<std::size_t>(num_columns));
    for (int column = 0; column < num_columns; ++column) {
        rows[column] = history_->rowAt(x_axis.pixelToCoord(left + (column + 0.5) / scale)).value_or(0);
    }
    QImage image(num_columns, history_->numLayers(), QImage::Format_RGB32);
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(layer));
        for (int column = 0; column < num_columns; ++column) {
            line[column] = sequentialColour(history_->alpha(rows[column], layer));
        }
    }
    const QRectF target(left, y_axis.coordToPixel(-0.5), right - left,
                        y_axis.coordToPixel(all.y_high) - y_axis.coordToPixel(-0.5));
    painter.drawImage(target, image);
    paintRowLines(painter);
}

void GatesHeatmap::paintRowLines(QCPPainter& painter) const {
    const QCPAxis& y_axis = *chart().yAxis;
    if (y_axis.coordToPixel(1) - y_axis.coordToPixel(0) < 5) return;
    painter.setPen(QPen(withAlpha(theme().panel, 90), 1));
    for (int layer = 1; layer < history_->numLayers(); ++layer) {
        const double y = std::round(y_axis.coordToPixel(layer - 0.5));
        painter.drawLine(QPointF(plotArea().left(), y), QPointF(plotArea().right(), y));
    }
}

void GatesHeatmap::paintMarks(QCPPainter& painter) const {
    const QCPAxis& x_axis = *chart().xAxis;
    const QRectF area = plotArea().adjusted(0, 0, 1, 1);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme().mark, 1.3));
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        if (!marks_.isSelected(layer)) continue;
        const QRectF row =
            cellRect(x_axis, *chart().yAxis, x_axis.range().lower, x_axis.range().upper, layer - 0.5, layer + 0.5);
        painter.drawRect(clippedToAxes(chart(), row));
    }
    if (!cursor_) return;
    const std::optional<std::size_t> row = history_->rowAt(*cursor_);
    const double middle = row ? (history_->steps()[*row] + history_->cellEnd(*row)) / 2 : *cursor_;
    const double x = x_axis.coordToPixel(middle);
    if (x < area.left() || x > area.right()) return;
    painter.setPen(QPen(theme().panel, 3));  // an edge, so that the line is seen on bright and on dark cells
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    painter.setPen(QPen(theme().mark, 1.3));
    painter.drawLine(QPointF(x, area.top() - 3), QPointF(x, area.bottom() + 3));
}

void GatesHeatmap::paintPlanStrip(QCPPainter& painter) const {
    if (marks_.full.empty()) return;
    const QCPAxis& y_axis = *chart().yAxis;
    const double left = plotArea().right() + 1 + kStripGap;
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        const double top = y_axis.coordToPixel(layer - 0.5);
        const double bottom = y_axis.coordToPixel(layer + 0.5);
        const double gap = bottom - top > 5 ? 1 : 0;
        painter.fillRect(QRectF(left, top, kStripWidth, bottom - top - gap),
                         marks_.isFull(layer) ? theme().full : theme().linear);
    }
}

std::optional<ReadOut> GatesHeatmap::readOutAt(double x, double y) const {
    const int layer = std::clamp(static_cast<int>(std::lround(y)), 0, history_->numLayers() - 1);
    const std::optional<std::size_t> row = history_->rowAt(x);
    if (!row) return std::nullopt;
    const float alpha = history_->alpha(*row, layer);
    ReadOut out;
    out.heading = tr("step %1, layer %2").arg(formatInteger(history_->steps()[*row])).arg(layer);
    out.lines << ReadOutLine{QColor(sequentialColour(alpha)), tr("gate α"), QString::number(alpha, 'f', 3)};
    if (!marks_.full.empty()) {
        const bool full = marks_.isFull(layer);
        out.lines << ReadOutLine{
            full ? theme().full : theme().linear, tr("plan"),
            (full ? tr("full attention") : tr("linear")) + (marks_.isPinned(layer) ? tr(", pinned") : QString())};
    }
    return out;
}

void GatesHeatmap::clicked(double x, double y, Qt::KeyboardModifiers modifiers) {
    const int layer = static_cast<int>(std::lround(y));
    if (layer >= 0 && layer < history_->numLayers()) Q_EMIT layerClicked(layer, modifiers);
    const std::optional<std::size_t> row = history_->rowAt(x);
    if (row) Q_EMIT stepClicked(history_->steps()[*row]);
}

QPointF GatesHeatmap::neighbour(double x, double y, int columns, int rows) const {
    return QPointF(ChartPlot::neighbour(x, y, columns, 0).x(), std::round(y) + rows);
}

void GatesHeatmap::writeCsv(QTextStream& out) const { writeGatesCsv(out, history_.get()); }

}  // namespace fm
