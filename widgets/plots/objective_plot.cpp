#include "widgets/plots/objective_plot.h"

namespace fm {

ObjectivePlot::ObjectivePlot(const ThemeSource& theme_source, QWidget* parent)
    : CurvePlot(theme_source, QStringLiteral("objective"), parent) {
    setTitle(tr("Objective"));
    setEmptyText(tr("No steps yet. The objective and its parts appear here with the first step of a run."));
    setAccessibleSummary(tr("Curves of the alignment loss, the regulariser, lambda and the learning rate over steps"));
    setAxisNames(tr("objective"));
    setRightLogScale(true);
}

std::vector<CurveSpec> ObjectivePlot::gateRunCurves() {
    return {{"series/loss/align", tr("alignment loss"), QString(), CurveColour::Full, false, true},
            {"series/loss/regulariser", tr("λ Σα regulariser"), QString(), CurveColour::Linear, false, true},
            {"series/objective/lambda", tr("λ"), QString(), CurveColour::Next, true, false},
            {"series/objective/lr", tr("learning rate"), QString(), CurveColour::Next, true, false}};
}

}  // namespace fm
