#include "app/gui/window_toolbar.h"

#include <QAction>
#include <QActionGroup>
#include <QLabel>
#include <QToolButton>

#include "widgets/panels/run_controls.h"

namespace fm {

WindowToolbar::WindowToolbar(QWidget* parent)
    : QToolBar(tr("Study, job and engine"), parent),
      open_(new QToolButton(this)),
      study_(new QLabel(this)),
      engine_(new QToolButton(this)),
      jobs_(new QActionGroup(this)),
      controls_(new RunControls(this)) {
    setObjectName("toolbar");
    setMovable(false);
    setContextMenuPolicy(Qt::PreventContextMenu);
    open_->setText(tr("Open…"));
    open_->setToolTip(tr("Opens a study, or makes one around a teacher (Ctrl+O)"));
    open_->setPopupMode(QToolButton::InstantPopup);
    addWidget(open_);
    addWidget(study_);
    study_->setContentsMargins(8, 0, 8, 0);
    engine_->setToolTip(tr("Where jobs run: on this machine, or on another one over ssh"));
    engine_->setProperty("role", "flat");
    engine_->setObjectName("engineButton");
    connect(engine_, &QToolButton::clicked, this, &WindowToolbar::engineSettingsWanted);
    addWidget(engine_);
    addWidget(spacer());
    addJob("align", tr("Align"), tr("Trains a linear branch beside every attention layer, to stand in for it"));
    addJob("gates", tr("Gates"), tr("Optimises one gate per layer together: which layers must keep full attention"));
    addJob("select", tr("Select"), tr("Baselines: uniform, remove-one, restore-one, greedy, exhaustive"));
    addJob("interact", tr("Interact"), tr("Measures how pairs of layers depend on each other"));
    addJob("eval", tr("Evaluate"), tr("Retrieval by depth and length, every sample kept"));
    addJob("distill", tr("Distill"), tr("Recovers the hybrid of the present plan from the teacher"));
    QAction* exporting = addAction(tr("Export…"));
    exporting->setToolTip(tr("Writes a checkpoint for other programs, with a verdict on its exactness (Ctrl+E)"));
    connect(exporting, &QAction::triggered, this, &WindowToolbar::exportWanted);
    addWidget(spacer());
    addWidget(controls_);
    setStudy({}, {});
    setEngine(tr("local"), tr("not started"), false);
}

QWidget* WindowToolbar::spacer() {
    auto* space = new QWidget(this);
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    return space;
}

void WindowToolbar::addJob(const QString& job, const QString& text, const QString& help) {
    QAction* action = addAction(text);
    action->setObjectName("job_" + job);
    action->setData(job);
    action->setCheckable(true);
    action->setToolTip(help);
    jobs_->addAction(action);
    connect(action, &QAction::triggered, this, [this, job] { Q_EMIT jobChosen(job); });
}

void WindowToolbar::setStudy(const QString& name, const QString& folder) {
    study_->setText(name.isEmpty() ? tr("no study open") : tr("Study <b>%1</b>").arg(name.toHtmlEscaped()));
    study_->setToolTip(folder);
}

void WindowToolbar::setEngine(const QString& where, const QString& what, bool problem) {
    const QString text = tr("Engine %1").arg(where) + (what.isEmpty() ? QString() : QString::fromUtf8(" · ") + what);
    engine_->setText(engine_->fontMetrics().elidedText(text, Qt::ElideRight, 260));
    engine_->setAccessibleName(text);
    engine_->setToolTip(text + "\n" + tr("Where jobs run: on this machine, or on another one over ssh"));
    engine_->setProperty("problem", problem);
}

void WindowToolbar::setJob(const QString& job) {
    for (QAction* action : jobs_->actions()) {
        if (action->data().toString() == job) action->setChecked(true);
    }
}

QString WindowToolbar::job() const {
    return jobs_->checkedAction() ? jobs_->checkedAction()->data().toString() : QString();
}

}  // namespace fm
