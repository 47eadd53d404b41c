// Every gate at every step: steps along x, layers down, bright = full attention. A strip at the right end shows the
// plan at the cursor.
#pragma once

#include <memory>
#include <optional>

#include "widgets/plots/chart_plot.h"
#include "widgets/plots/gate_history.h"

namespace fm {

class GatesHeatmap : public ChartPlot {
    Q_OBJECT
public:
    GatesHeatmap(const ThemeSource& theme, QWidget* parent = nullptr);

    void setHistory(std::shared_ptr<const GateHistory> history);
    void historyGrew();
    void setStepCursor(std::optional<double> step);
    void setMarks(const LayerMarks& marks);

    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    // A click chooses both; Control or Shift held adds the layer to the selection instead.
    void layerClicked(int layer, Qt::KeyboardModifiers modifiers);
    void stepClicked(double step);

protected:
    bool hasData() const override;
    Bounds bounds(double x_low, double x_high) const override;
    std::optional<ReadOut> readOutAt(double x, double y) const override;
    void clicked(double x, double y, Qt::KeyboardModifiers modifiers) override;
    QPointF neighbour(double x, double y, int columns, int rows) const override;

private:
    void paintMap(QCPPainter& painter) const;
    void paintRowLines(QCPPainter& painter) const;
    void paintMarks(QCPPainter& painter) const;
    void paintPlanStrip(QCPPainter& painter) const;

    std::shared_ptr<const GateHistory> history_;
    std::optional<double> cursor_;
    LayerMarks marks_;
};

}  // namespace fm
