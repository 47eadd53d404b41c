#include "widgets/panels/run_controls.h"

#include <QHBoxLayout>
#include <QToolButton>

#include "widgets/panels/sign_icon.h"

namespace fm {

RunControls::RunControls(QWidget* parent) : QWidget(parent) {
    setObjectName("runControls");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    start_ = addButton("runStart");
    pause_ = addButton("runPause");
    step_ = addButton("runStep");
    stop_ = addButton("runStop");
    start_->setProperty("role", "primary");
    step_->setIcon(signIcon(Sign::Step));
    stop_->setIcon(signIcon(Sign::Stop));
    connect(start_, &QToolButton::clicked, this, &RunControls::startWanted);
    connect(pause_, &QToolButton::clicked, this,
            [this] { phase_ == JobPhase::Paused ? Q_EMIT resumeWanted() : Q_EMIT pauseWanted(); });
    connect(step_, &QToolButton::clicked, this, &RunControls::stepWanted);
    connect(stop_, &QToolButton::clicked, this, &RunControls::stopWanted);
    setStartText(tr("Start"), tr("Starts the chosen job with its present settings"));
}

QToolButton* RunControls::addButton(const QString& name) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    layout()->addWidget(button);
    return button;
}

void RunControls::setPhase(JobPhase phase) {
    phase_ = phase;
    asked_ = JobAsked::Nothing;
    showState();
}

void RunControls::setAsked(JobAsked asked) {
    asked_ = asked;
    showState();
}

void RunControls::setStartText(const QString& text, const QString& help) {
    start_text_ = text;
    start_help_ = help;
    showState();
}

void RunControls::showState() {
    const bool active = phase_ == JobPhase::Running || phase_ == JobPhase::Paused || phase_ == JobPhase::Queued;
    const bool paused = phase_ == JobPhase::Paused;
    const auto set = [](QToolButton* button, const QString& text, const QString& help, bool on) {
        button->setText(text);
        button->setToolTip(help);
        button->setAccessibleName(text);
        button->setAccessibleDescription(help);
        button->setEnabled(on);
    };
    const QString starting = phase_ == JobPhase::Starting ? tr("Starting …") : start_text_;
    set(start_, starting,
        phase_ == JobPhase::NoEngine ? tr("The engine is not running, or no study is open") : start_help_,
        phase_ == JobPhase::Idle);
    QString pause = paused ? tr("Resume") : tr("Pause");
    if (asked_ == JobAsked::Pause) pause = tr("Pausing …");
    if (asked_ == JobAsked::Resume) pause = tr("Resuming …");
    pause_->setIcon(signIcon(paused ? Sign::Play : Sign::Pause));
    set(pause_, pause,
        paused ? tr("Goes on from this step (F5)") : tr("Waits before the next micro-batch; nothing is lost (F5)"),
        active && phase_ != JobPhase::Queued && asked_ == JobAsked::Nothing);
    set(step_, asked_ == JobAsked::Step ? tr("Stepping …") : tr("Step"),
        tr("Runs to the next step boundary and pauses there (F6)"),
        active && phase_ != JobPhase::Queued && asked_ == JobAsked::Nothing);
    set(stop_, asked_ == JobAsked::Stop ? tr("Stopping …") : tr("Stop and keep"),
        tr("Ends the job and keeps everything; it can be resumed later (Shift+F5)"),
        active && asked_ != JobAsked::Stop);
}

}  // namespace fm
