#include "widgets/panels/step_scrubber.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>
#include <algorithm>

#include "widgets/panels/sign_icon.h"
#include "widgets/state/step_cursor.h"

namespace fm {

StepScrubber::StepScrubber(StepCursor& cursor, QWidget* parent)
    : QWidget(parent),
      cursor_(cursor),
      slider_(new QSlider(Qt::Horizontal, this)),
      place_(new QLabel(this)),
      follow_(new QToolButton(this)) {
    setObjectName("stepScrubber");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 2, 8, 2);
    row->setSpacing(6);
    row->addWidget(addButton(Sign::First, tr("First step (Home)"), &StepScrubber::goFirst));
    row->addWidget(addButton(Sign::Back, tr("One step back (Left)"), &StepScrubber::goBack));
    slider_->setAccessibleName(tr("Step of the shown run"));
    slider_->setToolTip(tr("Which step of the run all views show: its gates, its plan, its probes"));
    row->addWidget(slider_, 1);
    row->addWidget(addButton(Sign::On, tr("One step on (Right)"), &StepScrubber::goOn));
    row->addWidget(addButton(Sign::Last, tr("Last step (End)"), &StepScrubber::goLast));
    place_->setObjectName("stepPlace");
    place_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    place_->setMinimumWidth(place_->fontMetrics().horizontalAdvance("step 000 000 / 000 000"));
    row->addWidget(place_);
    follow_->setCheckable(true);
    follow_->setObjectName("followLast");
    follow_->setText(tr("follow last"));
    follow_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    follow_->setToolTip(tr("While on, every view shows the newest step as it arrives; moving the slider turns it off"));
    row->addWidget(follow_);
    connect(slider_, &QSlider::valueChanged, &cursor_, [this](int step) { cursor_.setStep(step); });
    connect(follow_, &QToolButton::clicked, &cursor_, &StepCursor::setFollowLast);
    connect(&cursor_, &StepCursor::stepChanged, this, &StepScrubber::showState);
    connect(&cursor_, &StepCursor::countChanged, this, &StepScrubber::showState);
    connect(&cursor_, &StepCursor::followChanged, this, &StepScrubber::showState);
    showState();
}

QToolButton* StepScrubber::addButton(Sign sign, const QString& help, void (StepScrubber::*run)()) {
    auto* button = new QToolButton(this);
    button->setIcon(signIcon(sign));
    button->setToolTip(help);
    button->setAccessibleName(help);
    button->setProperty("role", "flat");
    button->setAutoRepeat(run == &StepScrubber::goBack || run == &StepScrubber::goOn);
    connect(button, &QToolButton::clicked, this, run);
    buttons_ << button;
    return button;
}

void StepScrubber::goFirst() { cursor_.first(); }
void StepScrubber::goBack() { cursor_.move(-1); }
void StepScrubber::goOn() { cursor_.move(1); }
void StepScrubber::goLast() { cursor_.last(); }

void StepScrubber::showState() {
    const bool any = cursor_.count() > 0;
    const QSignalBlocker quiet(slider_);
    slider_->setEnabled(any);
    slider_->setRange(0, static_cast<int>(std::max<std::int64_t>(0, cursor_.count() - 1)));
    slider_->setPageStep(static_cast<int>(std::max<std::int64_t>(1, cursor_.count() / 20)));
    slider_->setValue(static_cast<int>(std::max<std::int64_t>(0, cursor_.step())));
    for (QToolButton* button : buttons_) button->setEnabled(any);
    const auto text = [](std::int64_t n) {
        QString digits = QString::number(n);
        for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, QChar(0x2009));  // thin space
        return digits;
    };
    place_->setText(any ? tr("step %1 / %2").arg(text(cursor_.step()), text(cursor_.total() - 1)) : tr("no steps yet"));
    follow_->setChecked(cursor_.followLast());
    follow_->setIcon(signIcon(cursor_.followLast() ? Sign::Filled : Sign::Hollow));
}

}  // namespace fm
