// One signed number for every pair of layers, in layer order or with similar layers side by side: the base of the pair
// map and the curvature map.
#pragma once

#include <vector>

#include "widgets/plots/cell_map.h"
#include "widgets/plots/gate_history.h"

namespace fm {

class LayerMatrixMap : public CellMap {
    Q_OBJECT
public:
    struct Words {
        QString value;     // what a cell holds: "extra loss"
        QString unit;      // "nat"
        QString negative;  // what blue means
        QString positive;  // what orange means
        QString csv_value;
    };
    LayerMatrixMap(const ThemeSource& theme, const QString& name, const Words& words, QWidget* parent);

    // Row-major over all layers; NaN: not measured yet. The scale is the largest size of any value.
    void setMatrix(int num_layers, const std::vector<double>& values);
    void setPair(int first, int second, double value);  // both ways round
    void setOrder(const std::vector<int>& order);       // of the layers along both axes; empty: by number
    void setClustered(bool clustered);                  // average linkage of the sizes; wins over setOrder
    bool clustered() const { return clustered_; }
    // Colours by powers of ten, three of them below the largest: where one pair outshines all others. Until set, by
    // what the values are.
    void setDecades(bool decades);
    bool decades() const { return decades_; }
    std::vector<int> order() const { return shown_order_; }
    void setMarks(const LayerMarks& marks);

    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void pairClicked(int first, int second);

protected:
    int numRows() const override { return num_layers_; }
    int numColumns() const override { return num_layers_; }
    bool hasData() const override;
    QColor cellColour(int row, int column) const override;
    ReadOut cellReadOut(int row, int column) const override;
    void cellClicked(int row, int column, Qt::KeyboardModifiers modifiers) override;
    void paintMarks(QCPPainter& painter) const override;
    void prepare() override;
    void styleChanged() override;
    double value(int layer, int other) const;
    void setSubject(const QString& subject);  // what the subtitle says before how it is coloured
    virtual QList<ReadOutLine> moreLines(int first, int second) const {
        Q_UNUSED(first)
        Q_UNUSED(second)
        return {};
    }

private:
    void updateOrder();
    void updateLegend();
    void updateScale();
    double shadeOf(double value) const;  // -1 to 1

    Words words_;
    QString subject_;
    int num_layers_ = 0;
    std::vector<double> values_;
    std::vector<int> given_order_;
    std::vector<int> shown_order_;
    LayerMarks marks_;
    QAction* cluster_action_ = nullptr;
    QAction* decades_action_ = nullptr;
    double scale_ = 0;
    bool decades_ = false, decades_chosen_ = false;
    bool clustered_ = false;
    bool order_stale_ = true;
};

}  // namespace fm
