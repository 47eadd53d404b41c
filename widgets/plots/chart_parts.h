// Pieces that the charts share, over QCustomPlot; included by their .cpp files only.
#pragma once

#include <qcustomplot.h>

#include <functional>

#include "widgets/plots/plot_header.h"
#include "widgets/theme/theme.h"

namespace fm {

// "0.0712", "1.25", "12 000", "2e-05": as many digits as tell values apart, never more.
QString formatNumber(double value, int significant = 3);
// "1 480": thin spaces between groups of three.
QString formatInteger(double value);
// "512", "1K", "32K".
QString formatTokens(double tokens);
// All digits that are needed to read the same number back.
QString exactNumber(double value);
// A text for a CSV cell: quoted where it must be.
QString csvText(const QString& text);

// The key of sequentialColour().
LegendEntry sequentialLegend(const QString& text, const QString& low, const QString& high);

// Ticks at whole numbers: steps, budgets.
class IntegerTicker : public QCPAxisTicker {
public:
    // The smallest of 1, 2, 5, 10, 20 ... that leaves each label `label_px` where a whole number is `unit_px` apart.
    void fitStep(double unit_px, double label_px);

protected:
    double getTickStep(const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
    int getSubTickCount(double step) override;

private:
    double fitted_step_ = 0;  // 0: by the number of ticks
};

// Ticks at multiples and at the last layer.
class LayerTicker : public IntegerTicker {
public:
    explicit LayerTicker(int num_layers) : num_layers_(num_layers) {}

protected:
    QVector<double> createTickVector(double step, const QCPRange& range) override;

private:
    int num_layers_;
};

class ValueTicker : public QCPAxisTicker {
protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
    int getSubTickCount(double step) override;
};

class LogTicker : public QCPAxisTickerLog {
protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

// A name at each whole number; every second, third ... one where there is no room for all.
class NameTicker : public IntegerTicker {
public:
    explicit NameTicker(QStringList names) : names_(std::move(names)) {}

protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

private:
    QStringList names_;
};

// Something drawn by a function, clipped to the axis rectangle.
class PaintedItem : public QCPAbstractItem {
public:
    PaintedItem(QCustomPlot* chart, const QString& layer, std::function<void(QCPPainter&)> paint);
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override { paint_(*painter); }

private:
    std::function<void(QCPPainter&)> paint_;
};

// Rectangle of a cell in pixels, whatever way the axes run.
QRectF cellRect(const QCPAxis& x_axis, const QCPAxis& y_axis, double x0, double x1, double y0, double y1);
// The part of `rect` inside the axis rectangle: vector formats do not clip.
QRectF clippedToAxes(const QCustomPlot& chart, const QRectF& rect);

// Flat axes without lines, faint labels, horizontal grid lines only.
void styleChart(QCustomPlot& chart, const Theme& theme);
void styleAxis(QCPAxis& axis, const Theme& theme);
void setAxisTitle(QCPAxis& axis, const QString& text);
// As many ticks as fit without touching.
void fitTickCounts(QCustomPlot& chart);

}  // namespace fm
