// What linearising two layers costs beyond the sum of each alone: orange pairs lean on each other, blue ones can stand
// in for each other.
#pragma once

#include "widgets/plots/layer_matrix_map.h"

namespace fm {

class PairMap : public LayerMatrixMap {
    Q_OBJECT
public:
    explicit PairMap(const ThemeSource& theme, QWidget* parent = nullptr);
    // Loss with one layer linearised, for the read-out; one value per layer, NaN where not measured.
    void setSingles(const std::vector<double>& singles);

protected:
    QList<ReadOutLine> moreLines(int first, int second) const override;

private:
    std::vector<double> singles_;
};

}  // namespace fm
