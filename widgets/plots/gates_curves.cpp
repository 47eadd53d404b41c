#include "widgets/plots/gates_curves.h"

#include <cmath>

#include "widgets/plots/chart_parts.h"

namespace fm {

namespace {

constexpr double kLow = -0.03, kHigh = 1.03;  // gates live in [0, 1]
constexpr int kLabelRoom = 24;                // right of the curves, for layer numbers
constexpr double kSameDot = 0.4;              // pixels; a column whose gate moves less is one point
constexpr int kSmoothPx = 60000;              // layers times width; more smooth edges would take longer than a frame
constexpr double kReach = 14;                 // pixels from the pointer to the curve it means

}  // namespace

GatesCurves::GatesCurves(const ThemeSource& theme_source, QWidget* parent)
    : ChartPlot(theme_source, QStringLiteral("gates-curves"), Zoom::Horizontal, parent) {
    setTitle(tr("Gates"));
    setSubtitle(tr("gate of each layer over steps"));
    setEmptyText(tr("No gate run yet. Start Gates to watch every layer's gate move from full attention to linear."));
    setAccessibleSummary(tr("Curves of every layer's gate over steps; 1 is full attention, 0 linear"));
    setAxisTitle(*chart().xAxis, tr("step"));
    setAxisTitle(*chart().yAxis, tr("gate α"));
    chart().axisRect()->setMinimumMargins(QMargins(12, 8, 12 + kLabelRoom, 8));
    addPainter(QStringLiteral("main"), [this](QCPPainter& painter) { paintCurves(painter); });
    addPainter(
        QStringLiteral("overlay"),
        [this](QCPPainter& painter) {
            paintLabels(painter);
            paintCursor(painter);
        },
        false);
    GatesCurves::styleChanged();
}

void GatesCurves::styleChanged() {
    setLegend({{.mark = LegendEntry::Mark::Line, .colour = theme().full, .text = tr("full attention")},
               {.mark = LegendEntry::Mark::Line, .colour = theme().linear, .text = tr("linear")},
               {.mark = LegendEntry::Mark::Dashed, .colour = theme().text_faint, .text = tr("cut of the budget")}});
}

void GatesCurves::setHistory(std::shared_ptr<const GateHistory> history) {
    history_ = std::move(history);
    tiers_.clear();
    tiers_.resize(history_ ? static_cast<std::size_t>(history_->numLayers()) : 0);
    markStale();
}

void GatesCurves::historyGrew() { markStale(); }

void GatesCurves::setStepCursor(std::optional<double> step) {
    cursor_ = step;
    markStale();
}

void GatesCurves::setMarks(const LayerMarks& marks) {
    marks_ = marks;
    markStale();
}

void GatesCurves::setCut(std::optional<double> alpha) {
    cut_ = alpha;
    markStale();
}

bool GatesCurves::hasData() const { return history_ && history_->numSteps() > 0 && history_->numLayers() > 0; }

ChartPlot::Bounds GatesCurves::bounds(double, double) const {
    const double last = history_->steps().back();
    const double first = history_->steps().front();
    const double room = last > first ? 0 : 0.5;  // a single step stands in the middle
    return {first - room, last + room, kLow, kHigh};
}

void GatesCurves::prepare() {
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        const GateHistory& gates = *history_;
        tiers_[static_cast<std::size_t>(layer)].extend(
            gates.numSteps(), [&gates, layer](std::size_t row) { return gates.alpha(row, layer); });
    }
}

QColor GatesCurves::colourOf(int layer) const { return marks_.isFull(layer) ? theme().full : theme().linear; }

// Smallest and largest gate of each column of pixels, in the order of their steps.
QPolygonF GatesCurves::lineOf(int layer) const {
    const QCPAxis& x_axis = *chart().xAxis;
    const QCPAxis& y_axis = *chart().yAxis;
    const GateHistory& gates = *history_;
    const auto value = [&gates, layer](std::size_t row) { return gates.alpha(row, layer); };
    const auto point = [&](std::size_t row) {
        return QPointF(x_axis.coordToPixel(gates.steps()[row]), y_axis.coordToPixel(value(row)));
    };
    const std::size_t begin = gates.rowAt(x_axis.range().lower).value_or(0);
    const std::size_t end = std::min(gates.rowAt(x_axis.range().upper).value_or(0) + 2, gates.numSteps());
    const int column_px = std::clamp(gates.numLayers() / 32, 1, 3);  // many curves: fewer points, the same extremes
    const auto num_columns = static_cast<std::size_t>(std::max(50, plotArea().width() / column_px));
    QPolygonF line;
    for (std::size_t column = 0; column < num_columns; ++column) {
        const std::size_t from = begin + (end - begin) * column / num_columns;
        const std::size_t to = begin + (end - begin) * (column + 1) / num_columns;
        const Extremes found = tiers_[static_cast<std::size_t>(layer)].range(from, to, value);
        if (!found.any) continue;
        const QPointF first = point(std::min(found.low, found.high));
        const QPointF second = point(std::max(found.low, found.high));
        line << first;
        if (std::abs(second.y() - first.y()) > kSameDot) line << second;
    }
    if (end > begin && std::isfinite(value(end - 1))) line << point(end - 1);
    return line;
}

void GatesCurves::paintDot(QCPPainter& painter, const QPointF& at) const {
    painter.setBrush(painter.pen().color());
    painter.drawEllipse(at, 2.5, 2.5);
    painter.setBrush(Qt::NoBrush);
}

void GatesCurves::paintCurves(QCPPainter& painter) const {
    painter.setBrush(Qt::NoBrush);
    const bool some_selected = std::find(marks_.selected.begin(), marks_.selected.end(), true) != marks_.selected.end();
    for (const bool selected : {false, true}) {
        for (int layer = 0; layer < history_->numLayers(); ++layer) {
            if (marks_.isSelected(layer) != selected) continue;
            const QColor colour = withAlpha(colourOf(layer), selected ? 255 : some_selected ? 120 : 190);
            painter.setPen(QPen(colour, selected ? 2.4 : 1.0));
            painter.setAntialiasing(selected || history_->numLayers() * plotArea().width() <= kSmoothPx);
            const QPolygonF line = lineOf(layer);
            painter.drawPolyline(line);
            if (history_->numSteps() == 1 && !line.isEmpty()) paintDot(painter, line.front());
        }
    }
    if (!cut_) return;
    painter.setPen(QPen(theme().text_faint, 1, Qt::DashLine));
    const double y = chart().yAxis->coordToPixel(*cut_);
    painter.drawLine(QPointF(plotArea().left(), y), QPointF(plotArea().right(), y));
}

// Layer numbers at the right end: selected layers first, then from the top, where they do not touch.
void GatesCurves::paintLabels(QCPPainter& painter) const {
    const QCPAxis& y_axis = *chart().yAxis;
    const std::optional<std::size_t> row = history_->rowAt(chart().xAxis->range().upper);
    if (!row) return;
    std::vector<int> layers;
    for (int layer = 0; layer < history_->numLayers(); ++layer) layers.push_back(layer);
    std::stable_sort(layers.begin(), layers.end(), [&](int a, int b) {
        if (marks_.isSelected(a) != marks_.isSelected(b)) return marks_.isSelected(a);
        return history_->alpha(*row, a) > history_->alpha(*row, b);
    });
    const QFont plain = uiFont(-1.75);
    const QFont bold = uiFont(-1.75, true);
    const double height = QFontMetricsF(plain).height() - 3;
    std::vector<double> used;
    for (const int layer : layers) {
        const double y = y_axis.coordToPixel(history_->alpha(*row, layer));
        if (!std::isfinite(y)) continue;
        const auto touches = [&](double other) { return std::abs(other - y) < height; };
        if (y < plotArea().top() || y > plotArea().bottom() || std::any_of(used.begin(), used.end(), touches)) continue;
        used.push_back(y);
        painter.setFont(marks_.isSelected(layer) ? bold : plain);
        painter.setPen(colourOf(layer));
        painter.drawText(QRectF(plotArea().right() + 5, y - 8, kLabelRoom, 16), Qt::AlignLeft | Qt::AlignVCenter,
                         QString::number(layer));
    }
}

void GatesCurves::paintCursor(QCPPainter& painter) const {
    if (!cursor_) return;
    const double x = chart().xAxis->coordToPixel(*cursor_);
    if (x < plotArea().left() || x > plotArea().right()) return;
    painter.setPen(QPen(theme().mark, 1.2));
    painter.drawLine(QPointF(x, plotArea().top()), QPointF(x, plotArea().bottom() + 1));
}

std::optional<int> GatesCurves::layerNear(double x, double y) const {
    const std::optional<std::size_t> row = history_->rowAt(x);
    if (!row) return std::nullopt;
    std::optional<int> nearest;
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        const auto distance = [&](int l) { return std::abs(history_->alpha(*row, l) - y); };
        if (!nearest || distance(layer) < distance(*nearest)) nearest = layer;
    }
    const double pixels =
        std::abs(chart().yAxis->coordToPixel(history_->alpha(*row, *nearest)) - chart().yAxis->coordToPixel(y));
    return pixels <= kReach ? nearest : std::nullopt;
}

std::optional<ReadOut> GatesCurves::readOutAt(double x, double y) const {
    const std::optional<std::size_t> row = history_->rowAt(x);
    if (!row) return std::nullopt;
    ReadOut out;
    out.horizontal = false;
    out.heading = tr("step %1").arg(formatInteger(history_->steps()[*row]));
    const std::optional<int> near = layerNear(x, y);
    const auto add = [&](int layer) {
        out.lines << ReadOutLine{colourOf(layer), tr("layer %1").arg(layer),
                                 QString::number(history_->alpha(*row, layer), 'f', 3)};
    };
    if (near) add(*near);
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        if (marks_.isSelected(layer) && layer != near) add(layer);
    }
    return out;
}

void GatesCurves::clicked(double x, double y, Qt::KeyboardModifiers modifiers) {
    if (const std::optional<int> layer = layerNear(x, y)) Q_EMIT layerClicked(*layer, modifiers);
    if (const std::optional<std::size_t> row = history_->rowAt(x)) Q_EMIT stepClicked(history_->steps()[*row]);
}

// Up and down go from curve to curve, left and right along the steps.
QPointF GatesCurves::neighbour(double x, double y, int columns, int rows) const {
    const QPointF moved = ChartPlot::neighbour(x, y, columns, 0);
    const std::optional<std::size_t> row = history_->rowAt(moved.x());
    if (!row || rows == 0) return moved;
    double next = y;
    for (int layer = 0; layer < history_->numLayers(); ++layer) {
        const double alpha = history_->alpha(*row, layer);
        const bool beyond = rows < 0 ? alpha > y + 1e-6 : alpha < y - 1e-6;
        if (beyond && (next == y || std::abs(alpha - y) < std::abs(next - y))) next = alpha;
    }
    return QPointF(moved.x(), next);
}

void GatesCurves::writeCsv(QTextStream& out) const { writeGatesCsv(out, history_.get()); }

void writeGatesCsv(QTextStream& out, const GateHistory* history) {
    out << "step";
    const int num_layers = history != nullptr ? history->numLayers() : 0;
    for (int layer = 0; layer < num_layers; ++layer) out << ",alpha_" << layer;
    out << '\n';
    for (std::size_t row = 0; history != nullptr && row < history->numSteps(); ++row) {
        out << exactNumber(history->steps()[row]);
        for (int layer = 0; layer < num_layers; ++layer) {
            out << ',' << QString::number(history->alpha(row, layer), 'g', 9);  // 9 digits read the same float back
        }
        out << '\n';
    }
}

}  // namespace fm
