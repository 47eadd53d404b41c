#include "widgets/plots/retrieval_live_plot.h"

namespace fm {

RetrievalLivePlot::RetrievalLivePlot(const ThemeSource& theme_source, QWidget* parent)
    : CurvePlot(theme_source, QStringLiteral("retrieval-live"), parent) {
    setTitle(tr("Retrieval"));
    setSubject(tr("accuracy"));
    setAxisNames(tr("accuracy"));
    setFixedY(0, 1.02);
    setEmptyText(tr("No accuracy yet. It appears here with the first probe of a run."));
    setAccessibleSummary(tr("Curves of retrieval accuracy for each task over steps"));
}

void RetrievalLivePlot::setTasks(const std::vector<std::pair<QString, QString>>& ids_and_labels) {
    std::vector<CurveSpec> curves;
    for (const auto& [id, label] : ids_and_labels) {
        curves.push_back({id, label, QString(), CurveColour::Next, false, true});
    }
    setCurves(curves);
}

}  // namespace fm
