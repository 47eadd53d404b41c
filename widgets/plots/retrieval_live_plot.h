// Accuracy of each task while a run goes on, against the teacher's and chance.
#pragma once

#include "widgets/plots/curve_plot.h"

namespace fm {

class RetrievalLivePlot : public CurvePlot {
    Q_OBJECT
public:
    explicit RetrievalLivePlot(const ThemeSource& theme, QWidget* parent = nullptr);
    // One curve per task and measure; ids are paths in the run file.
    void setTasks(const std::vector<std::pair<QString, QString>>& ids_and_labels);
};

}  // namespace fm
