// Which layer enters at which budget: layers down, budgets K along x. A click chooses K. Plans need not be nested.
#pragma once

#include <vector>

#include "widgets/plots/cell_map.h"
#include "widgets/plots/gate_history.h"

namespace fm {

struct BudgetPlans {
    int num_layers = 0;
    std::vector<int> budgets;             // ascending; one column each
    std::vector<std::vector<bool>> full;  // per budget, one entry per layer
};

class PlanBudgetMap : public CellMap {
    Q_OBJECT
public:
    explicit PlanBudgetMap(const ThemeSource& theme, QWidget* parent = nullptr);
    void setPlans(const BudgetPlans& plans);
    void setBudget(int budget);                                 // outlined
    void setMeasuredBudgets(const std::vector<int>& measured);  // dotted at the top: a probe was measured there
    void setMarks(const LayerMarks& marks);
    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void budgetClicked(int budget);
    void layerClicked(int layer, Qt::KeyboardModifiers modifiers);

protected:
    int numRows() const override { return plans_.num_layers; }
    int numColumns() const override { return static_cast<int>(plans_.budgets.size()); }
    QColor cellColour(int row, int column) const override;
    ReadOut cellReadOut(int row, int column) const override;
    void cellClicked(int row, int column, Qt::KeyboardModifiers modifiers) override;
    void paintMarks(QCPPainter& painter) const override;
    void styleChanged() override;

private:
    bool isFull(int layer, int column) const;
    bool isMeasured(int budget) const;

    BudgetPlans plans_;
    std::vector<int> measured_;
    LayerMarks marks_;
    int budget_ = -1;
};

}  // namespace fm
