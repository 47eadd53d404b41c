// What the gate run minimises: alignment loss and regulariser, with lambda and the learning rate on the right axis.
#pragma once

#include "widgets/plots/curve_plot.h"

namespace fm {

class ObjectivePlot : public CurvePlot {
    Q_OBJECT
public:
    explicit ObjectivePlot(const ThemeSource& theme, QWidget* parent = nullptr);

    // The curves of a gate run, by their paths in the run file; lambda and learning rate go to the right axis.
    static std::vector<CurveSpec> gateRunCurves();
};

}  // namespace fm
