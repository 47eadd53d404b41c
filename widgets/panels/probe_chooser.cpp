#include "widgets/panels/probe_chooser.h"

#include <QHBoxLayout>
#include <QMenu>
#include <QToolButton>

#include "widgets/models/probe_text.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/panels/sign_icon.h"

namespace fm {

ProbeChooser::ProbeChooser(QWidget* parent)
    : QWidget(parent),
      probe_(flatButton({}, {}, this)),
      menu_(new QMenu(probe_)),
      text_(faintElidedLabel(this)),
      rest_(flatButton({},
                       tr("Measure the rest on this probe: the engine measures, one after another, what stands in the "
                          "comparison and this probe has not measured yet"),
                       this)) {
    setObjectName("probeChooser");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(probe_);
    row->addWidget(text_);
    row->addStretch(1);
    row->addWidget(rest_);
    probe_->setPopupMode(QToolButton::InstantPopup);
    probe_->setMenu(menu_);
    probe_->setIcon(signIcon(Sign::Down));
    probe_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    connect(rest_, &QToolButton::clicked, this, [this] {
        if (left_ > 0) {
            Q_EMIT stopWanted();
        } else {
            Q_EMIT restWanted();
        }
    });
    setMeasurements({});
}

void ProbeChooser::setMeasurements(const Measurements& measured) {
    const int old = measured.runs_without_identity;
    const QString older = old == 0 ? QString()
                          : old == 1
                              ? tr("1 run was measured before probes had an identity; measure again")
                              : tr("%1 runs were measured before probes had an identity; measure again").arg(old);
    showProbes(measured, older);
    showRest();
    setVisible(!measured.plans.empty() || old > 0);
}

void ProbeChooser::showProbes(const Measurements& measured, const QString& older) {
    const std::string shown = measured.probe();
    probe_->setVisible(!shown.empty());
    if (shown.empty()) return text_->setFullText(older, tr("measured before: measure again"));
    probe_->setText(probeName(measured, shown));
    probe_->setAccessibleName(tr("Probe of the comparison: %1").arg(probeText(measured, shown)));
    text_->setFullText(probeContents(measured, shown), tr("%1 plans").arg(measured.distinct().size()));
    probe_->setToolTip(
        tr("%1.\nRecall, answer KL and text KL of the comparison come from one probe: the same questions for every "
           "plan.\nFigures of two probes are never put side by side. Click to choose another.")
            .arg(probeText(measured, shown)) +
        (older.isEmpty() ? QString() : "\n" + older));
    if (menu_->isVisible()) return;  // not under the user's hands
    menu_->clear();
    for (const std::string& identity : measured.probes()) {
        // Later: what follows the choice fills this menu anew.
        const auto choose = [this, identity] { Q_EMIT chosen(identity); };
        QAction* action = menu_->addAction(probeText(measured, identity));
        connect(action, &QAction::triggered, this, choose, Qt::QueuedConnection);
        action->setCheckable(true);
        action->setChecked(identity == shown);
    }
}

void ProbeChooser::setLacking(int plans) {
    lacking_ = plans;
    showRest();
}

void ProbeChooser::setLeft(int plans) {
    left_ = plans;
    showRest();
}

void ProbeChooser::showRest() {
    rest_->setVisible(lacking_ > 0 || left_ > 0);
    rest_->setText(left_ > 0 ? tr("stop, %1 left").arg(left_) : tr("measure the rest (%1)").arg(lacking_));
    rest_->setAccessibleName(rest_->text());
}

}  // namespace fm
