#include "widgets/plots/pareto_plot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/label_places.h"

namespace fm {

namespace {

constexpr double kMark = 4.5;           // half the size of a mark, pixels
constexpr std::size_t kMaxLabels = 40;  // more would cover the points
constexpr double kReach = 18;           // pixels from the pointer to the point it means

}  // namespace

bool ParetoPoint::hasInterval() const { return std::isfinite(low) && std::isfinite(high); }

std::vector<std::size_t> paretoFront(const std::vector<ParetoPoint>& points) {
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!points[i].predicted && !points[i].dominated) front.push_back(i);
    }
    std::stable_sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
        if (points[a].cost != points[b].cost) return points[a].cost < points[b].cost;
        return points[a].accuracy > points[b].accuracy;
    });
    return front;
}

std::vector<std::size_t> paretoLine(const std::vector<ParetoPoint>& points, const std::vector<std::size_t>& front) {
    std::vector<std::size_t> line;
    for (const std::size_t i : front) {
        if (line.empty() || points[i].accuracy > points[line.back()].accuracy) line.push_back(i);
    }
    return line;
}

ParetoPlot::ParetoPlot(const ThemeSource& theme_source, QWidget* parent)
    : ChartPlot(theme_source, QStringLiteral("accuracy-versus-cost"), Zoom::Both, parent) {
    setTitle(tr("Compare"));
    setSubtitle(tr("accuracy against cost"));
    setEmptyText(tr("Nothing to compare yet. Probe or evaluate a hybrid; the teacher stays pinned beside it."));
    setAccessibleSummary(tr("Accuracy of each hybrid, of the baselines and of the teacher against their cost"));
    setOverscroll(0.5);
    chart().xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
    addPainter(QStringLiteral("main"), [this](QCPPainter& painter) {
        paintFront(painter);
        paintPoints(painter);
    });
    addPainter(QStringLiteral("overlay"), [this](QCPPainter& painter) { paintLabels(painter); });
    ParetoPlot::styleChanged();
}

void ParetoPlot::styleChanged() {
    setLegend({{.mark = LegendEntry::Mark::Dot, .colour = theme().full, .text = tr("hybrid, measured")},
               {.mark = LegendEntry::Mark::HollowDot, .colour = theme().full, .text = tr("predicted")},
               {.mark = LegendEntry::Mark::Dot, .colour = theme().text_faint, .text = tr("baseline")},
               {.mark = LegendEntry::Mark::Square, .colour = theme().mark, .text = tr("teacher")},
               {.mark = LegendEntry::Mark::Dashed, .colour = theme().accent, .text = tr("front")}});
}

void ParetoPlot::setPoints(const std::vector<ParetoPoint>& points) {
    points_ = points;
    std::erase_if(points_, [](const ParetoPoint& p) { return !std::isfinite(p.cost) || !std::isfinite(p.accuracy); });
    front_ = paretoFront(points_);
    line_ = paretoLine(points_, front_);
    markStale();
}

void ParetoPlot::setCostAxis(const QString& title) { setAxisTitle(*chart().xAxis, title); }

void ParetoPlot::setAccuracyAxis(const QString& title) { setAxisTitle(*chart().yAxis, title); }

ChartPlot::Bounds ParetoPlot::bounds(double, double) const {
    Bounds all{points_[0].cost, points_[0].cost, points_[0].accuracy, points_[0].accuracy};
    for (const ParetoPoint& point : points_) {
        all.x_low = std::min(all.x_low, point.cost);
        all.x_high = std::max(all.x_high, point.cost);
        all.y_low = std::min(all.y_low, point.hasInterval() ? point.low : point.accuracy);
        all.y_high = std::max(all.y_high, point.hasInterval() ? point.high : point.accuracy);
    }
    const double x_room = all.x_high > all.x_low ? 0.09 * (all.x_high - all.x_low) : 1;
    const double y_room = all.y_high > all.y_low ? 0.09 * (all.y_high - all.y_low) : 0.05;
    return {all.x_low - x_room, all.x_high + x_room, all.y_low - y_room, all.y_high + y_room};
}

QPointF ParetoPlot::pixel(const ParetoPoint& point) const {
    return QPointF(chart().xAxis->coordToPixel(point.cost), chart().yAxis->coordToPixel(point.accuracy));
}

QColor ParetoPlot::colourOf(const ParetoPoint& point) const {
    switch (point.kind) {
        case ParetoKind::Teacher:
            return theme().mark;
        case ParetoKind::Baseline:
            return theme().text_faint;
        case ParetoKind::AllLinear:
            return theme().linear;
        case ParetoKind::Hybrid:
            break;
    }
    return theme().full;
}

void ParetoPlot::paintFront(QCPPainter& painter) const {
    QPolygonF line;
    for (const std::size_t i : line_) line << pixel(points_[i]);
    painter.setPen(QPen(theme().accent, 1.2, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(line);
}

void ParetoPlot::paintErrorBar(QCPPainter& painter, const ParetoPoint& point) const {
    if (!point.hasInterval()) return;
    const double x = pixel(point).x();
    const double low = chart().yAxis->coordToPixel(point.low);
    const double high = chart().yAxis->coordToPixel(point.high);
    painter.setPen(QPen(colourOf(point), 1.2, point.predicted ? Qt::DotLine : Qt::SolidLine));
    painter.drawLine(QPointF(x, low), QPointF(x, high));
}

void ParetoPlot::paintMark(QCPPainter& painter, const ParetoPoint& point) const {
    const QPointF at = pixel(point);
    if (point.selected) {
        painter.setPen(QPen(theme().mark, 1.4));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(at, kMark + 4, kMark + 4);
    }
    painter.setPen(QPen(colourOf(point), 1.6));
    painter.setBrush(point.predicted ? theme().panel : colourOf(point));
    if (point.kind == ParetoKind::Teacher) {
        painter.drawRect(QRectF(at.x() - kMark, at.y() - kMark, 2 * kMark, 2 * kMark));
    } else {
        painter.drawEllipse(at, kMark, kMark);
    }
}

void ParetoPlot::paintPoints(QCPPainter& painter) const {
    painter.setAntialiasing(true);
    for (const ParetoPoint& point : points_) paintErrorBar(painter, point);
    for (const ParetoPoint& point : points_) paintMark(painter, point);
}

QList<QRectF> ParetoPlot::obstacles() const {
    QList<QRectF> taken;
    for (const ParetoPoint& point : points_) {
        const QPointF at = pixel(point);
        taken << QRectF(at.x() - kMark - 1, at.y() - kMark - 1, 2 * kMark + 2, 2 * kMark + 2);
        if (!point.hasInterval()) continue;
        const double low = chart().yAxis->coordToPixel(point.low);
        const double high = chart().yAxis->coordToPixel(point.high);
        taken << QRectF(at.x() - 1, high, 2, low - high);
    }
    return taken;
}

// Selected points and the teacher get their place first, then the front, then the rest; what finds no free place is
// named by the read-out only.
void ParetoPlot::paintLabels(QCPPainter& painter) const {
    const auto rank = [this](std::size_t i) {
        if (points_[i].selected || points_[i].kind == ParetoKind::Teacher) return 0;
        return std::find(front_.begin(), front_.end(), i) != front_.end() ? 1 : 2;
    };
    std::vector<std::size_t> order(points_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    if (order.size() > kMaxLabels) order.resize(kMaxLabels);
    QList<QLineF> lines;
    for (std::size_t i = 1; i < line_.size(); ++i)
        lines << QLineF(pixel(points_[line_[i - 1]]), pixel(points_[line_[i]]));
    QList<QPointF> pixels;
    for (const ParetoPoint& point : points_) pixels << pixel(point);
    LabelPlaces places(QRectF(plotArea()), pixels, obstacles(), lines);
    painter.setFont(uiFont(-1.5));
    const QFontMetricsF metrics(painter.font());
    for (const std::size_t i : order) {
        const QSizeF size(metrics.horizontalAdvance(points_[i].label), metrics.height() - 2);
        const double distance = kMark + (points_[i].selected ? 7 : 3);
        const std::optional<LabelPlace> place = places.take(pixel(points_[i]), size, distance);
        if (!place) continue;
        painter.setPen(QPen(withAlpha(theme().text_faint, 140), 1));
        if (place->leader) painter.drawLine(*place->leader);
        painter.setPen(points_[i].selected ? theme().text : theme().text_faint);
        painter.drawText(place->rect.adjusted(-2, -2, 2, 2), Qt::AlignCenter, points_[i].label);
    }
}

std::optional<std::size_t> ParetoPlot::nearest(double x, double y) const {
    const QPointF at(chart().xAxis->coordToPixel(x), chart().yAxis->coordToPixel(y));
    std::optional<std::size_t> best;
    double best_distance = kReach;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const double distance = QLineF(at, pixel(points_[i])).length();
        if (distance > best_distance) continue;
        best = i;
        best_distance = distance;
    }
    return best;
}

std::optional<ReadOut> ParetoPlot::readOutAt(double x, double y) const {
    ReadOut out;
    const std::optional<std::size_t> at = nearest(x, y);
    if (!at) {
        out.lines << ReadOutLine{QColor(), chart().xAxis->label(), formatNumber(x)};
        out.lines << ReadOutLine{QColor(), chart().yAxis->label(), formatNumber(y)};
        return out;
    }
    const ParetoPoint& point = points_[*at];
    out.heading = point.label;
    QString accuracy = formatNumber(point.accuracy, 4);
    if (point.hasInterval())
        accuracy += QStringLiteral(" (%1–%2)").arg(formatNumber(point.low, 3), formatNumber(point.high, 3));
    out.lines << ReadOutLine{colourOf(point), chart().yAxis->label(), accuracy};
    out.lines << ReadOutLine{QColor(), chart().xAxis->label(), formatNumber(point.cost, 4)};
    out.lines << ReadOutLine{QColor(), point.predicted ? tr("predicted") : tr("measured"), QString()};
    return out;
}

void ParetoPlot::clicked(double x, double y, Qt::KeyboardModifiers modifiers) {
    if (const auto at = nearest(x, y)) Q_EMIT pointClicked(points_[*at].id, modifiers);
}

// From point to point: left and right by cost, up and down by accuracy.
QPointF ParetoPlot::neighbour(double x, double y, int columns, int rows) const {
    const double from = columns != 0 ? x : y;
    const bool upwards = columns > 0 || rows < 0;
    const ParetoPoint* next = nullptr;
    const auto key = [&](const ParetoPoint& point) { return columns != 0 ? point.cost : point.accuracy; };
    for (const ParetoPoint& point : points_) {
        const bool beyond = upwards ? key(point) > from + 1e-12 : key(point) < from - 1e-12;
        if (beyond && (next == nullptr || std::abs(key(point) - from) < std::abs(key(*next) - from))) next = &point;
    }
    return next != nullptr ? QPointF(next->cost, next->accuracy) : QPointF(x, y);
}

void ParetoPlot::writeCsv(QTextStream& out) const {
    out << "id,label," << csvText(chart().xAxis->label()) << ',' << csvText(chart().yAxis->label())
        << ",low,high,state\n";
    for (const ParetoPoint& point : points_) {
        out << csvText(point.id) << ',' << csvText(point.label) << ',' << exactNumber(point.cost) << ','
            << exactNumber(point.accuracy) << ',' << exactNumber(point.low) << ',' << exactNumber(point.high) << ','
            << (point.predicted ? "predicted" : "measured") << '\n';
    }
}

}  // namespace fm
