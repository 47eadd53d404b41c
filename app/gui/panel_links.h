// What panels ask of each other and of the engine: samples, pair maps, comparisons, problems, help.
#pragma once

#include <QObject>

#include "app/gui/panels.h"
#include "widgets/state/companion_run.h"

namespace fm {

class Docks;
class ExportLink;
class JobLink;
class ProblemsModel;
class WindowToolbar;
class Workbench;

// Thread: the window's.
class PanelLinks : public QObject {
    Q_OBJECT
public:
    PanelLinks(Workbench& workbench, const Panels& panels, Docks& docks, WindowToolbar& toolbar, JobLink& jobs,
               ExportLink& exports, QObject* parent = nullptr);

private:
    void linkRuns();
    void linkSamples();
    void linkInterdependence();
    void linkCompare();
    void chooseJob(const QString& job);

    Workbench& workbench_;
    const Panels panels_;
    Docks& docks_;
    WindowToolbar& toolbar_;
    JobLink& jobs_;
    ExportLink& exports_;
    CompanionRun evaluation_, interaction_, gates_;
};

}  // namespace fm
