#include "app/gui/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QMimeData>
#include <QTimer>
#include <QVBoxLayout>
#include <utility>

#include "app/gui/export_link.h"
#include "app/gui/job_link.h"
#include "app/gui/opening.h"
#include "app/gui/panel_links.h"
#include "app/gui/window_menus.h"
#include "app/gui/window_toolbar.h"
#include "app/gui/workbench.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/help_panel.h"
#include "widgets/panels/live_settings.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/objective_panel.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/panels/status_panel.h"
#include "widgets/panels/step_scrubber.h"

namespace fm {
namespace {

constexpr int kLongestFarewellMs = 10000;

}  // namespace

MainWindow::MainWindow(Workbench& workbench, ThemeSource& theme, QWidget* parent)
    : QMainWindow(parent),
      workbench_(workbench),
      theme_(theme),
      docks_(*this),
      problems_(new ProblemsModel(this)),
      toolbar_(new WindowToolbar(this)),
      panels_(makePanels(*this, docks_, workbench, *problems_, theme)),
      export_dialog_(new ExportDialog(theme, this)),
      job_link_(new JobLink(workbench, *panels_.job, this)),
      export_link_(new ExportLink(workbench, *export_dialog_, this)),
      opening_(new Opening(*this, workbench)) {
    setAcceptDrops(true);
    setObjectName("workbench");
    setWindowTitle(tr("FlashMorph Workbench"));
    addToolBar(Qt::TopToolBarArea, toolbar_);
    buildFoot();
    buildMenus(*this, workbench_);
    new PanelLinks(workbench_, panels_, docks_, *toolbar_, *job_link_, *export_link_, this);
    wireStudy();
    wireJob();
    wireSettings();
    toolbar_->setJob("gates");
    showEngine();
    showPhase();
    resize(1280, 800);
}

// Scrubber and status stay at the bottom: a tool bar that cannot be moved or hidden.
void MainWindow::buildFoot() {
    auto* foot = new QToolBar(tr("Step and status"), this);
    foot->setObjectName("foot");
    foot->setMovable(false);
    foot->setContextMenuPolicy(Qt::PreventContextMenu);
    auto* content = new QWidget(foot);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    scrubber_ = new StepScrubber(workbench_.cursor(), content);
    status_ = new StatusPanel(workbench_.source(), content);
    column->addWidget(scrubber_);
    column->addWidget(status_);
    foot->addWidget(content);
    addToolBar(Qt::BottomToolBarArea, foot);
}

void MainWindow::wireStudy() {
    connect(&workbench_, &Workbench::studyOpened, this, [this] {
        toolbar_->setStudy(workbench_.study().name(), workbench_.studyPlace());
        setWindowTitle(tr("%1 - FlashMorph Workbench").arg(workbench_.study().name()));
    });
    connect(&workbench_, &Workbench::problem, this, [this](const QString& sentence, const QString& origin) {
        problems_->add(Severity::Error, sentence, origin);
    });
    connect(&workbench_.plan(), &PlanState::rankingChanged, this, [this] {
        if (std::exchange(num_layers_, workbench_.plan().numLayers()) == workbench_.plan().numLayers()) return;
        QTimer::singleShot(0, this, [this] { docks_.fitPlan(); });
    });
    connect(problems_, &ProblemsModel::countChanged, status_, &StatusPanel::setNumProblems);
    connect(status_, &StatusPanel::problemsWanted, this, [this] {
        docks_.raise("log");
        panels_.log->showProblems();
    });
    connect(toolbar_, &WindowToolbar::exportWanted, export_link_, &ExportLink::showPresent);
    connect(toolbar_, &WindowToolbar::jobChosen, this, [this](const QString& job) {
        job_link_->choose(job);
        docks_.raise("job");
        showPhase();
    });
}

void MainWindow::wireJob() {
    EngineLink& engine = workbench_.engine();
    RunControls& controls = toolbar_->controls();
    connect(&controls, &RunControls::startWanted, job_link_, &JobLink::startChosen);
    connect(&controls, &RunControls::pauseWanted, &engine, &EngineLink::pause);
    connect(&controls, &RunControls::resumeWanted, &engine, &EngineLink::resume);
    connect(&controls, &RunControls::stepWanted, &engine, &EngineLink::step);
    connect(&controls, &RunControls::stopWanted, &engine, &EngineLink::stop);
    connect(&engine, &EngineLink::phaseChanged, this, &MainWindow::showPhase);
    connect(&engine, &EngineLink::engineChanged, this, &MainWindow::showEngine);
    connect(&engine, &EngineLink::lost, this, [this](const QString& sentence) {
        status_->setEngineText(sentence, true);
        status_->setResumeShown(!workbench_.engine().lostRun().isEmpty());
    });
    connect(status_, &StatusPanel::resumeWanted, &engine, &EngineLink::resumeLost);
    connect(&engine, &EngineLink::ended, this, [this] {
        if (closing_) close();
    });
}

void MainWindow::wireSettings() {
    LiveSettings& settings = panels_.objective->settings();
    connect(&settings, &LiveSettings::changeWanted, &workbench_.engine(), &EngineLink::change);
    connect(&workbench_.engine(), &EngineLink::changeAcknowledged, this,
            [this, &settings](const QString& field, const QString& when) {
                const std::int64_t next = workbench_.run().rowsOf("steps");
                const QString at = when == "next step" ? tr("step %1").arg(next) : when;
                settings.setAcknowledged(field, at);
                status_->setChangeText(tr("%1 change takes effect at %2").arg(field, at));
            });
}

void MainWindow::showPhase() {
    const EngineLink& engine = workbench_.engine();
    RunControls& controls = toolbar_->controls();
    const bool gates = toolbar_->job() == "gates";
    controls.setStartText(gates ? tr("Run it live") : tr("Start"),
                          gates
                              ? tr("Starts a gate run at the present budget and pins, and shows it as it goes (Ctrl+R)")
                              : tr("Starts the chosen job with its present settings (Ctrl+R)"));
    controls.setPhase(engine.phase());
    controls.setAsked(engine.asked());
    const bool active = engine.phase() == JobPhase::Running || engine.phase() == JobPhase::Paused;
    panels_.objective->settings().setRunning(active && workbench_.run().job() == "gates");
    if (engine.phase() == JobPhase::Idle) status_->setChangeText({});
}

void MainWindow::showEngine() {
    const EngineLink& engine = workbench_.engine();
    toolbar_->setEngine(engine.where(), engine.what());
    if (!engine.ready()) return;
    status_->setEngineText({}, false);
    status_->setResumeShown(false);
}

void MainWindow::restoreOrArrange() {
    const Settings& settings = workbench_.settings();
    if (!settings.geometry().isEmpty()) restoreGeometry(settings.geometry());
    const bool restored = !settings.layout().isEmpty() && restoreState(settings.layout(), Settings::kLayoutVersion);
    if (!restored) docks_.arrange(size());
    if (!settings.runsTable().isEmpty()) panels_.runs->restoreState(settings.runsTable());
}

void MainWindow::resetLayout() {
    workbench_.settings().forgetLayout();
    docks_.arrange(size());
}

void MainWindow::saveLayout() {
    workbench_.settings().saveLayout(saveGeometry(), saveState(Settings::kLayoutVersion), panels_.runs->saveState());
}

void MainWindow::setThemeKind(ThemeKind kind) {
    applyTheme(*qobject_cast<QApplication*>(QApplication::instance()), kind);
    theme_.setKind(kind);
    workbench_.settings().setTheme(kind);
}

void MainWindow::setTextScale(double scale) {
    workbench_.settings().setTextScale(scale);
    registerFonts(scale);
    setThemeKind(theme_.theme().kind);  // every style sheet and painter asks for its font again
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (Opening::canOpen(*event->mimeData())) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    if (Opening::canOpen(*event->mimeData())) opening_->open(event->mimeData()->urls()[0].toLocalFile());
}

void MainWindow::showShortcuts() {
    docks_.raise("help");
    panels_.help->showShortcuts();
}

// A running job is stopped and kept; the window stays until the engine has said so, at most ten seconds.
void MainWindow::closeEvent(QCloseEvent* event) {
    saveLayout();
    const bool running = workbench_.engine().ready() && workbench_.engine().phase() != JobPhase::Idle;
    if (!running || closing_) return QMainWindow::closeEvent(event);
    closing_ = true;
    event->ignore();
    status_->setEngineText(tr("Saving the running job before the window closes …"), false);
    workbench_.engine().shutdown();
    QTimer::singleShot(kLongestFarewellMs, this, [this] { close(); });
}

}  // namespace fm
