#include "widgets/panels/step_axis_link.h"

#include <utility>

#include "widgets/plots/chart_plot.h"

namespace fm {

StepAxisLink::StepAxisLink(const QList<ChartPlot*>& plots, QObject* parent) : QObject(parent), plots_(plots) {
    for (ChartPlot* from : plots_) {
        connect(from, &ChartPlot::viewReset, this, [this, from] { resetOthers(from); });
        for (ChartPlot* to : plots_) {
            if (to == from) continue;
            connect(from, &ChartPlot::xRangeChanged, to, &ChartPlot::setXRange);
            connect(from, &ChartPlot::crosshairMoved, to, [to](double x) { to->setLinkedCrosshair(x); });
            connect(from, &PlotFrame::readOutHidden, to, [to] { to->setLinkedCrosshair(std::nullopt); });
        }
    }
}

void StepAxisLink::resetOthers(ChartPlot* plot) {
    if (std::exchange(resetting_, true)) return;
    for (ChartPlot* other : plots_) {
        if (other != plot && other->userHasZoomed()) other->resetView();
    }
    resetting_ = false;
}

}  // namespace fm
