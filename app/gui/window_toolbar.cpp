#include "app/gui/window_toolbar.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QToolButton>
#include <algorithm>

#include "widgets/panels/elided_label.h"
#include "widgets/panels/run_controls.h"
#include "widgets/theme/theme.h"

namespace fm {

WindowToolbar::WindowToolbar(QWidget* parent)
    : QToolBar(tr("Study, job and engine"), parent),
      study_(new ElidedLabel(this)),
      engine_(new ElidedLabel(this)),
      jobs_(new QButtonGroup(this)),
      controls_(new RunControls(this)) {
    setObjectName("toolbar");
    setMovable(false);
    setContextMenuPolicy(Qt::PreventContextMenu);
    auto* content = new QWidget(this);
    auto* row = new QHBoxLayout(content);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    open_ = addButton(*row, tr("Open…"), tr("Opens a study, or makes one around a teacher (Ctrl+O)"));
    open_->setPopupMode(QToolButton::InstantPopup);
    row->addSpacing(6);
    row->addWidget(study_);
    row->addSpacing(10);
    engine_->setProperty("role", "faint");
    row->addWidget(engine_);
    row->addStretch(1);
    addJob(*row, "align", tr("Align"), tr("Trains a linear branch beside every attention layer, to stand in for it"));
    addJob(*row, "gates", tr("Gates"),
           tr("Optimises one gate per layer together: which layers must keep full attention"));
    addJob(*row, "select", tr("Select"), tr("Baselines: uniform, remove-one, restore-one, greedy, exhaustive"));
    addJob(*row, "interact", tr("Interact"), tr("Measures how pairs of layers depend on each other"));
    addJob(*row, "judge", tr("Judge"),
           tr("Holds the plans and hybrids of the study against each other on one large unseen probe"));
    addJob(*row, "eval", tr("Evaluate"), tr("Retrieval by depth and length, every sample kept"));
    addJob(*row, "distill", tr("Distill"), tr("Recovers the hybrid of the present plan from the teacher"));
    QToolButton* exporting = addButton(
        *row, tr("Export…"), tr("Writes a checkpoint for other programs, with a verdict on its exactness (Ctrl+E)"));
    connect(exporting, &QToolButton::clicked, this, &WindowToolbar::exportWanted);
    row->addStretch(1);
    row->addWidget(controls_);
    addWidget(content);
    setStudy({}, {});
    setEngine(tr("local"), tr("not started"));
}

QToolButton* WindowToolbar::addButton(QHBoxLayout& row, const QString& text, const QString& help) {
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(help);
    button->setFocusPolicy(Qt::TabFocus);
    row.addWidget(button);
    return button;
}

void WindowToolbar::addJob(QHBoxLayout& row, const QString& job, const QString& text, const QString& help) {
    QToolButton* button = addButton(row, text, help);
    button->setObjectName(job);
    button->setCheckable(true);
    jobs_->addButton(button);
    connect(button, &QToolButton::clicked, this, [this, job] { Q_EMIT jobChosen(job); });
}

void WindowToolbar::setStudy(const QString& name, const QString& folder) {
    study_->setFont(uiFont(0, !name.isEmpty()));
    study_->setFullText(name.isEmpty() ? tr("no study open") : name);
    study_->setMinimumWidth(std::min(study_->sizeHint().width(), 150));
    study_->setAccessibleName(tr("Study %1").arg(name));
    study_->setAccessibleDescription(folder);
}

void WindowToolbar::setEngine(const QString& where, const QString& what) {
    const QString text = what.isEmpty() ? where : where + QString::fromUtf8(" · ") + what;
    engine_->setFullText(tr("Engine %1").arg(text), text);
}

void WindowToolbar::setJob(const QString& job) {
    if (auto* button = findChild<QToolButton*>(job)) button->setChecked(true);
}

QString WindowToolbar::job() const { return jobs_->checkedButton() ? jobs_->checkedButton()->objectName() : QString(); }

}  // namespace fm
