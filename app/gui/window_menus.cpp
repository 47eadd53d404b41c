#include "app/gui/window_menus.h"

#include <QDockWidget>
#include <QFileDialog>
#include <QMenuBar>
#include <QToolButton>
#include <QUndoStack>

#include "app/gui/export_link.h"
#include "app/gui/main_window.h"
#include "app/gui/opening.h"
#include "app/gui/window_toolbar.h"
#include "app/gui/workbench.h"
#include "core/base/error.h"
#include "widgets/panels/budget_bar.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/status_panel.h"
#include "widgets/panels/step_scrubber.h"
#include "widgets/plots/plot_export.h"

namespace fm {
namespace {

struct Menus {
    MainWindow& window;
    Workbench& workbench;

    template <class Run>
    QAction* add(QMenu* menu, const QString& text, const QKeySequence& key, Run run) {
        QAction* action = menu->addAction(text);
        action->setShortcut(key);
        QObject::connect(action, &QAction::triggered, &window, run);
        return action;
    }
    QString tr(const char* text) const { return QObject::tr(text); }
    void file();
    void exportFigures() const;
    void edit();
    void view();
    void study();
    void jobs();
    void windows();
    void help();
};

void Menus::file() {
    QMenu* menu = window.menuBar()->addMenu(tr("&File"));
    Opening& opening = window.opening();
    add(menu, tr("&New study…"), QKeySequence::New, [&opening] { opening.newStudy(); });
    add(menu, tr("&Open study…"), QKeySequence::Open, [&opening] { opening.chooseStudy(); });
    add(menu, tr("Open study on the engine's &machine…"), {}, [&opening] { opening.openThere(); });
    add(menu, tr("Open the &built-in study"), {}, [&opening] { opening.openBuiltIn(); });
    QMenu* recent = menu->addMenu(tr("Open &recent"));
    QObject::connect(recent, &QMenu::aboutToShow, &window, [recent, &opening] { opening.fillRecent(*recent); });
    QMenu* from_toolbar = new QMenu(&window);
    from_toolbar->addActions(menu->actions());
    window.toolbar().openButton().setMenu(from_toolbar);
    menu->addSeparator();
    add(menu, tr("En&gine location…"), {}, [&opening] { opening.chooseEngine(); });
    add(menu, tr("&Export…"), QKeySequence("Ctrl+E"), [&w = window] { w.exports().showPresent(); });
    add(menu, tr("Export all &figures…"), QKeySequence("Ctrl+Shift+E"), [this_ = *this] { this_.exportFigures(); });
    menu->addSeparator();
    add(menu, tr("&Quit"), QKeySequence::Quit, [&w = window] { w.close(); });
}

void Menus::exportFigures() const {
    const QString folder = QFileDialog::getExistingDirectory(&window, tr("Export all figures to"));
    if (folder.isEmpty()) return;
    try {
        const QStringList paths = exportAll(window, folder);
        window.status().setChangeText(tr("%1 files written to %2").arg(paths.size()).arg(folder));
    } catch (const WorldError& error) {
        Q_EMIT workbench.problem(QString::fromStdString(error.what()), "figures");
    }
}

void Menus::edit() {
    QMenu* menu = window.menuBar()->addMenu(tr("&Edit"));
    QUndoStack& stack = workbench.plan().undoStack();
    QAction* undo = stack.createUndoAction(&window, tr("&Undo"));
    undo->setShortcut(QKeySequence::Undo);
    QAction* redo = stack.createRedoAction(&window, tr("&Redo"));
    redo->setShortcuts({QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")});
    menu->addAction(undo);
    menu->addAction(redo);
    menu->addSeparator();
    PlanStrip& strip = window.panels().plan->strip();
    add(menu, tr("Go to the &plan strip"), QKeySequence("Ctrl+L"),
        [&strip] { strip.setFocus(Qt::ShortcutFocusReason); });
    BudgetSlider& budget = window.panels().plan->budget().slider();
    add(menu, tr("Go to the &budget"), QKeySequence("Ctrl+B"), [&budget] { budget.setFocus(Qt::ShortcutFocusReason); });
    add(menu, tr("One layer &more"), QKeySequence("Ctrl+="),
        [&plan = workbench.plan()] { plan.setBudget(plan.budget() + 1); });
    add(menu, tr("One layer &less"), QKeySequence("Ctrl+-"),
        [&plan = workbench.plan()] { plan.setBudget(plan.budget() - 1); });
}

void Menus::view() {
    QMenu* menu = window.menuBar()->addMenu(tr("&View"));
    add(menu, tr("&Dark"), {}, [&w = window] { w.setThemeKind(ThemeKind::Dark); });
    add(menu, tr("&Light"), {}, [&w = window] { w.setThemeKind(ThemeKind::Light); });
    QMenu* text = menu->addMenu(tr("&Text size"));
    for (const int percent : {85, 100, 115, 130, 150}) {
        add(text, tr("%1 %").arg(percent), {}, [&w = window, percent] { w.setTextScale(percent / 100.0); });
    }
    menu->addSeparator();
    StepCursor& cursor = workbench.cursor();
    add(menu, tr("&First step"), QKeySequence("Alt+Home"), [&cursor] { cursor.first(); });
    add(menu, tr("Step &back"), QKeySequence("Alt+Left"), [&cursor] { cursor.move(-1); });
    add(menu, tr("Step &on"), QKeySequence("Alt+Right"), [&cursor] { cursor.move(1); });
    add(menu, tr("&Last step"), QKeySequence("Alt+End"), [&cursor] { cursor.last(); });
    QAction* follow = add(menu, tr("Follo&w last"), QKeySequence("Ctrl+End"),
                          [&cursor] { cursor.setFollowLast(!cursor.followLast()); });
    follow->setCheckable(true);
    follow->setChecked(cursor.followLast());
    QObject::connect(&cursor, &StepCursor::followChanged, follow, &QAction::setChecked);
    menu->addSeparator();
    add(menu, tr("Full &screen"), QKeySequence("F11"),
        [&w = window] { w.setWindowState(w.windowState() ^ Qt::WindowFullScreen); });
    add(menu, tr("&Reset layout"), {}, [&w = window] { w.resetLayout(); });
}

void Menus::study() {
    QMenu* menu = window.menuBar()->addMenu(tr("&Study"));
    add(menu, tr("&Refresh runs"), QKeySequence("F2"), [&study = workbench.study()] { study.refresh(); });
}

void Menus::jobs() {
    QMenu* menu = window.menuBar()->addMenu(tr("&Jobs"));
    RunControls& controls = window.toolbar().controls();
    const auto click = [](QToolButton& button) { return [&button] { button.click(); }; };
    add(menu, tr("&Start the chosen job"), QKeySequence("Ctrl+R"), click(controls.start()));
    add(menu, tr("&Pause or resume"), QKeySequence("F5"), click(controls.pause()));
    add(menu, tr("S&tep"), QKeySequence("F6"), click(controls.step()));
    add(menu, tr("St&op and keep"), QKeySequence("Shift+F5"), click(controls.stop()));
}

void Menus::windows() {
    QMenu* menu = window.menuBar()->addMenu(tr("&Window"));
    int number = 1;
    for (const QString& id : window.docks().ids()) {
        if (number > 9) break;
        add(menu, tr("Go to %1").arg(window.docks().dock(id)->windowTitle()),
            QKeySequence(QString("Ctrl+%1").arg(number)), [&w = window, id] { w.docks().raise(id); });
        ++number;
    }
    menu->addSeparator();
    QMenu* shown = menu->addMenu(tr("&Shown"));
    window.docks().fillMenu(*shown);
}

void Menus::help() {
    QMenu* menu = window.menuBar()->addMenu(tr("&Help"));
    add(menu, tr("&Tour"), {}, [&w = window] {
        w.docks().raise("help");
        w.panels().help->showTour();
    });
    add(menu, tr("&Shortcuts"), QKeySequence::HelpContents, [&w = window] { w.showShortcuts(); });
    add(menu, tr("&Handbook"), QKeySequence("Shift+F1"), [&w = window] {
        w.docks().raise("help");
        w.panels().help->showHandbook();
    });
    std::vector<Shortcut> shortcuts;
    for (const QAction* top : window.menuBar()->actions()) {
        for (const QAction* action : top->menu()->actions()) {
            if (action->shortcut().isEmpty()) continue;
            shortcuts.push_back({tr("Everywhere"), action->shortcut().toString(QKeySequence::NativeText),
                                 QString(action->text()).remove('&')});
        }
    }
    window.panels().help->setShortcuts(shortcuts);
}

}  // namespace

void buildMenus(MainWindow& window, Workbench& workbench) {
    Menus menus{window, workbench};
    menus.file();
    menus.edit();
    menus.view();
    menus.study();
    menus.jobs();
    menus.windows();
    menus.help();
}

}  // namespace fm
