// The panels of the window, each in its dock.
#pragma once

class QUndoView;

namespace fm {

class ComparePanel;
class DiffPanel;
class Docks;
class GatesPanel;
class HelpPanel;
class InterdependencePanel;
class JobForm;
class LogPanel;
class MainWindow;
class ObjectivePanel;
class PlanBudgetPanel;
class PlanPanel;
class ProblemsModel;
class RetrievalPanel;
class RunsPanel;
class SamplesPanel;
class ThemeSource;
class Workbench;

struct Panels {
    RunsPanel* runs = nullptr;
    JobForm* job = nullptr;
    DiffPanel* diff = nullptr;
    QUndoView* history = nullptr;
    PlanPanel* plan = nullptr;
    GatesPanel* gates = nullptr;
    ObjectivePanel* objective = nullptr;
    RetrievalPanel* retrieval = nullptr;
    SamplesPanel* samples = nullptr;
    InterdependencePanel* interdependence = nullptr;
    PlanBudgetPanel* budget = nullptr;
    ComparePanel* compare = nullptr;
    LogPanel* log = nullptr;
    HelpPanel* help = nullptr;
};

// Makes them with the window as parent and puts them into docks.
Panels makePanels(MainWindow& window, Docks& docks, Workbench& workbench, ProblemsModel& problems, ThemeSource& theme);

}  // namespace fm
