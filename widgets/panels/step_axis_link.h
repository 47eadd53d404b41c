// Figures over the steps of one run: zoom, pan, reset and crosshair of one go to the others.
#pragma once

#include <QList>
#include <QObject>

namespace fm {

class ChartPlot;

// Thread: the window's.
class StepAxisLink : public QObject {
    Q_OBJECT
public:
    StepAxisLink(const QList<ChartPlot*>& plots, QObject* parent);

private:
    void resetOthers(ChartPlot* plot);

    QList<ChartPlot*> plots_;
    bool resetting_ = false;
};

}  // namespace fm
