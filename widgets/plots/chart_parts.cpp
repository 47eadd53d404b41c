#include "widgets/plots/chart_parts.h"

#include <cmath>

#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

const QString kThinSpace = QString(QChar(0x2009));

}  // namespace

QString formatInteger(double value) {
    QString digits = QString::number(std::abs(std::round(value)), 'f', 0);
    if (digits.size() > 3) {
        for (qsizetype at = digits.size() - 3; at > 0; at -= 3) digits.insert(at, kThinSpace);
    }
    return (std::round(value) < 0 ? QString(QChar(0x2212)) : QString()) + digits;
}

QString formatNumber(double value, int significant) {
    if (std::isnan(value)) return QStringLiteral("–");
    if (value == 0) return QStringLiteral("0");
    const double size = std::abs(value);
    if (size >= 1000 && size < 1e7) return formatInteger(value);
    QString text;
    if (size < 1e-3 || size >= 1e7) {
        text = QString::number(value, 'g', significant);
        text.replace(QLatin1String("e-0"), QLatin1String("e-")).replace(QLatin1String("e+0"), QLatin1String("e"));
        text.replace(QLatin1String("e+"), QLatin1String("e"));
    } else {
        const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
        text = QString::number(value, 'f', std::clamp(significant - before, 0, 6));
        if (text.contains('.')) {
            while (text.endsWith('0')) text.chop(1);
            if (text.endsWith('.')) text.chop(1);
        }
    }
    if (text.startsWith('-')) text.replace(0, 1, QChar(0x2212));
    return text;
}

QString formatTokens(double tokens) {
    if (tokens >= 1024 && std::fmod(tokens, 1024) == 0) {
        return QString::number(tokens / 1024, 'f', 0) + QStringLiteral("K");
    }
    return formatInteger(tokens);
}

QString exactNumber(double value) {
    return std::isnan(value) ? QString() : QString::number(value, 'g', QLocale::FloatingPointShortest);
}

QString csvText(const QString& text) {
    if (!text.contains(',') && !text.contains('"') && !text.contains('\n')) return text;
    return '"' + QString(text).replace(QLatin1String("\""), QLatin1String("\"\"")) + '"';
}

LegendEntry sequentialLegend(const QString& text, const QString& low, const QString& high) {
    LegendEntry entry{.mark = LegendEntry::Mark::Gradient, .text = text, .low = low, .high = high};
    for (int i = 0; i <= 8; ++i) entry.gradient << QColor(sequentialColour(i / 8.0));
    return entry;
}

void IntegerTicker::fitStep(double unit_px, double label_px) {
    fitted_step_ = 1;
    for (double decade = 1; fitted_step_ * unit_px < label_px && decade < 1e6; decade *= 10) {
        for (const double part : {1.0, 2.0, 5.0}) {
            if (fitted_step_ * unit_px < label_px) fitted_step_ = part * decade;
        }
    }
}

double IntegerTicker::getTickStep(const QCPRange& range) {
    if (fitted_step_ > 0) return fitted_step_;
    const double step = std::max(1.0, QCPAxisTicker::getTickStep(range));
    return step == std::round(step) ? step : 2 * step;  // 2.5 would be labelled wrongly
}

QString IntegerTicker::getTickLabel(double tick, const QLocale&, QChar, int) { return formatInteger(tick); }

int IntegerTicker::getSubTickCount(double) { return 0; }

QVector<double> LayerTicker::createTickVector(double step, const QCPRange& range) {
    QVector<double> ticks;
    for (const double tick : IntegerTicker::createTickVector(step, range)) {
        if (tick >= 0 && tick <= num_layers_ - 1) ticks << tick;
    }
    const double last = num_layers_ - 1;
    if (!range.contains(last) || ticks.isEmpty() || ticks.last() == last) return ticks;
    if (last - ticks.last() < 0.6 * step && ticks.size() > 1) ticks.removeLast();
    ticks << last;
    return ticks;
}

QString ValueTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return formatNumber(std::abs(tick) < 1e-12 ? 0 : tick, 4);
}

int ValueTicker::getSubTickCount(double) { return 0; }

QString LogTicker::getTickLabel(double tick, const QLocale&, QChar, int) { return formatNumber(tick, 2); }

QString NameTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    const auto index = static_cast<qsizetype>(std::lround(tick));
    return index >= 0 && index < names_.size() && std::abs(tick - static_cast<double>(index)) < 1e-6 ? names_[index]
                                                                                                     : QString();
}

PaintedItem::PaintedItem(QCustomPlot* chart, const QString& layer, std::function<void(QCPPainter&)> paint)
    : QCPAbstractItem(chart), paint_(std::move(paint)) {
    setLayer(layer);
    setSelectable(false);
    setClipAxisRect(chart->axisRect());
    setClipToAxisRect(true);
}

QRectF cellRect(const QCPAxis& x_axis, const QCPAxis& y_axis, double x0, double x1, double y0, double y1) {
    return QRectF(QPointF(x_axis.coordToPixel(x0), y_axis.coordToPixel(y0)),
                  QPointF(x_axis.coordToPixel(x1), y_axis.coordToPixel(y1)))
        .normalized();
}

QRectF clippedToAxes(const QCustomPlot& chart, const QRectF& rect) {
    return rect.intersected(QRectF(chart.axisRect()->rect()));
}

void setAxisTitle(QCPAxis& axis, const QString& text) { axis.setLabel(text); }

void styleAxis(QCPAxis& axis, const Theme& theme) {
    axis.setBasePen(Qt::NoPen);
    // Ticks are not seen, and yet have a length: of lines without one PDF files get paths without a point, which their
    // readers complain about; without ticks there would be no labels.
    axis.setTickPen(QPen(Qt::transparent));
    axis.setTickLength(1, 0);
    axis.setSubTicks(false);
    axis.setTickLabelFont(uiFont(-1.75));
    axis.setTickLabelColor(theme.text_faint);
    axis.setTickLabelPadding(4);
    axis.setLabelFont(uiFont(-1.75));
    axis.setLabelColor(theme.text_faint);
    axis.setLabelPadding(3);
    axis.grid()->setPen(QPen(theme.grid, 1));
    axis.grid()->setZeroLinePen(QPen(theme.grid, 1));
    axis.grid()->setSubGridVisible(false);
}

void styleChart(QCustomPlot& chart, const Theme& theme) {
    chart.setBackground(QBrush(theme.panel));
    chart.axisRect()->setBackground(Qt::NoBrush);
    for (QCPAxis* axis : {chart.xAxis, chart.yAxis, chart.yAxis2}) styleAxis(*axis, theme);
    chart.xAxis->grid()->setVisible(false);
    chart.yAxis2->grid()->setVisible(false);
}

void fitTickCounts(QCustomPlot& chart) {
    const QRect rect = chart.axisRect()->rect();
    // Labels grow with the numbers they show.
    const QString longest = formatInteger(std::max(1000.0, std::abs(chart.xAxis->range().upper)));
    const int digits = QFontMetrics(chart.xAxis->tickLabelFont()).horizontalAdvance(longest);
    chart.xAxis->ticker()->setTickCount(std::clamp(rect.width() / (digits + 26), 2, 9));
    if (const auto whole = chart.xAxis->ticker().dynamicCast<IntegerTicker>()) {
        whole->fitStep(rect.width() / chart.xAxis->range().size(), digits + 18);
    }
    const int rows = std::clamp(rect.height() / 38, 2, 8);
    chart.yAxis->ticker()->setTickCount(rows);
    chart.yAxis2->ticker()->setTickCount(rows);
}

}  // namespace fm
