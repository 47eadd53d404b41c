// The gates as curves over steps: amber where the plan keeps full attention, blue where it does not.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "widgets/plots/chart_plot.h"
#include "widgets/plots/gate_history.h"
#include "widgets/plots/min_max_tiers.h"

namespace fm {

class GatesCurves : public ChartPlot {
    Q_OBJECT
public:
    explicit GatesCurves(const ThemeSource& theme, QWidget* parent = nullptr);

    void setHistory(std::shared_ptr<const GateHistory> history);
    void historyGrew();
    void setStepCursor(std::optional<double> step);
    void setMarks(const LayerMarks& marks);
    // Gate value between the last kept and the first dropped layer; drawn dashed.
    void setCut(std::optional<double> alpha);

    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void layerClicked(int layer, Qt::KeyboardModifiers modifiers);
    void stepClicked(double step);

protected:
    bool hasData() const override;
    Bounds bounds(double x_low, double x_high) const override;
    void prepare() override;
    std::optional<ReadOut> readOutAt(double x, double y) const override;
    void clicked(double x, double y, Qt::KeyboardModifiers modifiers) override;
    QPointF neighbour(double x, double y, int columns, int rows) const override;
    void styleChanged() override;

private:
    QPolygonF lineOf(int layer) const;
    void paintDot(QCPPainter& painter, const QPointF& at) const;
    void paintCurves(QCPPainter& painter) const;
    void paintLabels(QCPPainter& painter) const;
    void paintCursor(QCPPainter& painter) const;
    std::optional<int> layerNear(double x, double y) const;
    QColor colourOf(int layer) const;

    std::shared_ptr<const GateHistory> history_;
    std::vector<MinMaxTiers> tiers_;  // one per layer
    std::optional<double> cursor_;
    std::optional<double> cut_;
    LayerMarks marks_;
};

// One line per step, one column per layer: shared with the heat map.
void writeGatesCsv(QTextStream& out, const GateHistory* history);

}  // namespace fm
