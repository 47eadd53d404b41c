#include "app/gui/panels.h"

#include <QUndoView>

#include "app/gui/docks.h"
#include "app/gui/main_window.h"
#include "app/gui/workbench.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/diff_panel.h"
#include "widgets/panels/gates_panel.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/interdependence_panel.h"
#include "widgets/panels/job_form.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/objective_panel.h"
#include "widgets/panels/plan_budget_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/retrieval_panel.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/panels/samples_panel.h"
#include "widgets/panels/step_axis_link.h"
#include "widgets/plots/gates_curves.h"
#include "widgets/plots/gates_heatmap.h"
#include "widgets/plots/objective_plot.h"
#include "widgets/plots/retrieval_live_plot.h"

namespace fm {

static QUndoView* makeHistory(MainWindow& window, Workbench& workbench) {
    auto* history = new QUndoView(&workbench.plan().undoStack(), &window);
    history->setEmptyLabel(QObject::tr("As the gates say"));
    history->setAccessibleName(QObject::tr("History of plan edits"));
    history->setToolTip(
        QObject::tr("Every edit of the plan by name; click one to go back to it (Ctrl+Z, Ctrl+Shift+Z)"));
    return history;
}

Panels makePanels(MainWindow& window, Docks& docks, Workbench& w, ProblemsModel& problems, ThemeSource& theme) {
    Panels p;
    p.runs = new RunsPanel(w.study(), w.selection(), theme, &window);
    p.job = new JobForm(&window);
    p.diff = new DiffPanel(w.study(), w.selection(), &window);
    p.history = makeHistory(window, w);
    p.plan = new PlanPanel(w.run(), w.cursor(), w.plan(), w.cost(), w.selection(), theme, &window);
    p.gates = new GatesPanel(w.run(), w.cursor(), w.plan(), w.selection(), theme, &window);
    p.objective = new ObjectivePanel(w.run(), w.cursor(), theme, &window);
    p.retrieval = new RetrievalPanel(w.run(), w.cursor(), w.study(), w.selection(), theme, &window);
    p.samples = new SamplesPanel(w.selection(), theme, &window);
    p.interdependence = new InterdependencePanel(w.plan(), w.selection(), theme, &window);
    p.budget = new PlanBudgetPanel(w.plan(), w.cost(), w.selection(), theme, &window);
    p.compare = new ComparePanel(w.study(), w.cost(), w.selection(), theme, &window);
    p.log = new LogPanel(problems, theme, &window);
    p.help = new HelpPanel(theme, w.resources() + "/handbook", &window);
    new StepAxisLink({&p.gates->heatmap(), &p.gates->curves(), &p.objective->plot(), &p.retrieval->live()}, &window);
    for (QWidget* low : {static_cast<QWidget*>(p.samples), static_cast<QWidget*>(p.compare),
                         static_cast<QWidget*>(p.interdependence)}) {
        low->setMinimumHeight(130);  // like the figures: a low window stays low
    }
    docks.add("runs", QObject::tr("Runs"), p.runs);
    docks.add("plan", QObject::tr("Plan"), p.plan, p.plan->titleRow());
    docks.add("gates", QObject::tr("Gates"), p.gates);
    docks.add("objective", QObject::tr("Objective"), p.objective);
    docks.add("retrieval", QObject::tr("Retrieval"), p.retrieval);
    docks.add("interdependence", QObject::tr("Interdependence"), p.interdependence);
    docks.add("budget", QObject::tr("Plan versus budget"), p.budget);
    docks.add("compare", QObject::tr("Compare"), p.compare);
    docks.add("job", QObject::tr("Job"), p.job);
    docks.add("samples", QObject::tr("Samples"), p.samples);
    docks.add("diff", QObject::tr("Diff"), p.diff);
    docks.add("history", QObject::tr("History"), p.history);
    docks.add("log", QObject::tr("Log"), p.log);
    docks.add("help", QObject::tr("Help"), p.help);
    return p;
}

}  // namespace fm
