// Accuracy against cost: what each hybrid gives for what it needs, with its interval. The teacher is a square, measured
// points are filled, predicted ones hollow; the dashed line follows the measured points that none beats.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "widgets/plots/chart_plot.h"

namespace fm {

enum class ParetoKind { Teacher, Hybrid, Baseline, AllLinear };

struct ParetoPoint {
    QString id;
    QString label;
    double cost = 0;
    double accuracy = 0;
    double low = std::numeric_limits<double>::quiet_NaN();  // of the accuracy's interval
    double high = std::numeric_limits<double>::quiet_NaN();
    ParetoKind kind = ParetoKind::Hybrid;
    bool predicted = false;
    bool selected = false;
    bool dominated = false;  // another is no dearer and told apart from it as better; being lower alone is no reason
    bool hasInterval() const;
};

// Indices of the measured points that none dominates, by growing cost.
std::vector<std::size_t> paretoFront(const std::vector<ParetoPoint>& points);
// Those of them that the line joins: it never falls, since what costs more and is tied with less gives no more.
std::vector<std::size_t> paretoLine(const std::vector<ParetoPoint>& points, const std::vector<std::size_t>& front);

class ParetoPlot : public ChartPlot {
    Q_OBJECT
public:
    explicit ParetoPlot(const ThemeSource& theme, QWidget* parent = nullptr);
    void setPoints(const std::vector<ParetoPoint>& points);
    void setCostAxis(const QString& title);      // "KV cache, % of the teacher's"
    void setAccuracyAxis(const QString& title);  // "recall"
    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void pointClicked(const QString& id, Qt::KeyboardModifiers modifiers);

protected:
    bool hasData() const override { return !points_.empty(); }
    Bounds bounds(double x_low, double x_high) const override;
    std::optional<ReadOut> readOutAt(double x, double y) const override;
    void clicked(double x, double y, Qt::KeyboardModifiers modifiers) override;
    QPointF neighbour(double x, double y, int columns, int rows) const override;
    void styleChanged() override;

private:
    QPointF pixel(const ParetoPoint& point) const;
    QColor colourOf(const ParetoPoint& point) const;
    std::optional<std::size_t> nearest(double x, double y) const;
    void paintPoints(QCPPainter& painter) const;
    void paintMark(QCPPainter& painter, const ParetoPoint& point) const;
    void paintErrorBar(QCPPainter& painter, const ParetoPoint& point) const;
    void paintFront(QCPPainter& painter) const;
    void paintLabels(QCPPainter& painter) const;
    QList<QRectF> obstacles() const;

    std::vector<ParetoPoint> points_;
    std::vector<std::size_t> front_, line_;
};

}  // namespace fm
