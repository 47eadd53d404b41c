// Recall by needle depth (rows) and context length (columns).
#pragma once

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "widgets/plots/cell_map.h"

namespace fm {

struct RetrievalCell {
    double recall = std::numeric_limits<double>::quiet_NaN();  // NaN: not measured
    int num_sequences = 0;
    double low = std::numeric_limits<double>::quiet_NaN();  // 95 % interval
    double high = std::numeric_limits<double>::quiet_NaN();
};

struct RetrievalGrid {
    std::vector<double> depths;        // 0 start of the context, 1 end; one row each
    std::vector<double> lengths;       // tokens; one column each
    std::vector<RetrievalCell> cells;  // row-major
};

class RetrievalMap : public CellMap {
    Q_OBJECT
public:
    explicit RetrievalMap(const ThemeSource& theme, QWidget* parent = nullptr);
    void setGrid(const RetrievalGrid& grid);
    void setSelectedCell(std::optional<std::pair<int, int>> depth_and_length);
    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void cellSelected(int depth_index, int length_index);

protected:
    int numRows() const override { return static_cast<int>(grid_.depths.size()); }
    int numColumns() const override { return static_cast<int>(grid_.lengths.size()); }
    QColor cellColour(int row, int column) const override;
    QString cellText(int row, int column) const override;
    ReadOut cellReadOut(int row, int column) const override;
    void cellClicked(int row, int column, Qt::KeyboardModifiers modifiers) override;
    void paintMarks(QCPPainter& painter) const override;

private:
    RetrievalCell cell(int row, int column) const;

    RetrievalGrid grid_;
    std::optional<std::pair<int, int>> selected_;
};

}  // namespace fm
