// Second derivatives of the loss in the gates at one plan: how moving one gate changes what another is worth.
#pragma once

#include "widgets/plots/layer_matrix_map.h"

namespace fm {

class CurvatureMap : public LayerMatrixMap {
    Q_OBJECT
public:
    explicit CurvatureMap(const ThemeSource& theme, QWidget* parent = nullptr);
    // The plan at which the curvature was taken, in words: "at K = 8 of run 14:02".
    void setPlanText(const QString& text);
};

}  // namespace fm
