#include "widgets/panels/live_settings.h"

#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>

namespace fm {

LiveSettings::LiveSettings(QWidget* parent)
    : QWidget(parent), apply_(new QPushButton(tr("&Apply"), this)), note_(new QLabel(this)) {
    setObjectName("liveSettings");
    auto* form = new QFormLayout(this);
    form->setContentsMargins(12, 10, 12, 10);
    addField("lambda", tr("&Lambda"),
             tr("Strength of the regulariser towards linear. With the dual rule it is the point from which it follows "
                "the budget."),
             1e6, 6, 0.01);
    addField("lr", tr("Learning &rate"), tr("Peak learning rate of the gates (AdamW)"), 1, 5, 0.001);
    addField("budget", tr("&Budget K"), tr("How many layers keep full attention; the dual rule steers towards it"),
             4096, 0, 1);
    form->addRow(apply_);
    note_->setProperty("role", "faint");
    note_->setWordWrap(true);
    form->addRow(note_);
    connect(apply_, &QPushButton::clicked, this, &LiveSettings::apply);
    setRunning(false);
}

void LiveSettings::addField(const QString& name, const QString& label, const QString& help, double max, int digits,
                            double step) {
    auto* box = new QDoubleSpinBox(this);
    box->setObjectName(name);
    box->setRange(0, max);
    box->setDecimals(digits);
    box->setSingleStep(step);
    box->setToolTip(help + "\n" + tr("A change takes effect at the next step and is recorded in the run."));
    box->setAccessibleDescription(help);
    static_cast<QFormLayout*>(layout())->addRow(label, box);
    fields_[name] = {box, false};
    connect(box, &QDoubleSpinBox::valueChanged, this, [this, name] {
        fields_[name].edited = true;
        showButton();
    });
}

void LiveSettings::setCurrent(double lambda, double lr, double budget, int num_layers) {
    fields_["budget"].box->setMaximum(num_layers);
    const std::pair<const char*, double> values[] = {{"lambda", lambda}, {"lr", lr}, {"budget", budget}};
    for (const auto& [name, value] : values) {
        Field& field = fields_[name];
        if (field.edited || field.box->hasFocus()) continue;
        const QSignalBlocker quiet(field.box);
        field.box->setValue(value);
    }
}

void LiveSettings::setRunning(bool running) {
    if (running && !running_) note_->clear();
    running_ = running;
    for (auto& [name, field] : fields_) field.box->setEnabled(running);
    if (!running) note_->setText(tr("These follow a running gate job; nothing is running now."));
    showButton();
}

void LiveSettings::setAcknowledged(const QString& field, const QString& when) {
    note_->setText(tr("%1: takes effect at %2").arg(field, when));
}

void LiveSettings::showButton() {
    bool edited = false;
    for (const auto& [name, field] : fields_) edited |= field.edited;
    apply_->setEnabled(running_ && edited);
}

void LiveSettings::apply() {
    for (auto& [name, field] : fields_) {
        if (!field.edited) continue;
        field.edited = false;
        note_->setText(tr("%1: asked, not acknowledged yet").arg(name));
        Q_EMIT changeWanted(name, field.box->value());
    }
    showButton();
}

}  // namespace fm
