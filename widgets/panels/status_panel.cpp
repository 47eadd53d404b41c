#include "widgets/panels/status_panel.h"

#include <QHBoxLayout>
#include <QToolButton>
#include <cmath>

#include "widgets/models/number_text.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/state/run_source.h"

namespace fm {

QString durationText(double seconds) {
    const qint64 s = std::llround(seconds);
    if (s < 60) return QObject::tr("%1 s").arg(s);
    if (s < 3600) return QObject::tr("%1 min").arg((s + 30) / 60);
    return QObject::tr("%1 h %2 min").arg(s / 3600).arg(s % 3600 / 60);
}

StatusPanel::StatusPanel(RunSource& source, QWidget* parent) : QWidget(parent), source_(source) {
    setObjectName("statusPanel");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 0, 10, 2);
    row->setSpacing(18);
    const auto label = [this, row](const QString& name) {
        ElidedLabel* text = faintElidedLabel(this);
        text->setObjectName(name);
        row->addWidget(text);
        return text;
    };
    job_ = label("statusJob");
    change_ = label("statusChange");
    row->addStretch(1);
    resume_ = new QToolButton(this);
    resume_->setObjectName("statusResume");
    resume_->setText(tr("Resume the job"));
    resume_->setToolTip(tr("Starts the engine again and continues the job from its run file"));
    resume_->setProperty("role", "primary");
    resume_->hide();
    row->addWidget(resume_);
    engine_ = label("statusEngine");
    problems_ = new QToolButton(this);
    problems_->setObjectName("statusProblems");
    problems_->setProperty("role", "flat");
    problems_->setToolTip(tr("Shows the list of problems and the log"));
    row->addWidget(problems_);
    saved_ = label("statusSaved");
    connect(problems_, &QToolButton::clicked, this, &StatusPanel::problemsWanted);
    connect(resume_, &QToolButton::clicked, this, &StatusPanel::resumeWanted);
    for (auto signal : {&RunData::stateChanged, &RunData::wasReset}) {
        connect(&source_.data(), signal, this, &StatusPanel::showState);
    }
    connect(&source_, &RunSource::problemChanged, this, &StatusPanel::showState);
    clock_.setInterval(250);  // progress is read by eye, and laying out its text takes longer than a row
    connect(&clock_, &QTimer::timeout, this, &StatusPanel::showState);
    clock_.start();
    setNumProblems(0);
    showState();
}

QString StatusPanel::jobText() const {
    const RunData& run = source_.data();
    if (!source_.problem().isEmpty()) return source_.problem();
    if (!run.isOpen()) return tr("No run is shown: choose one in Runs, or start a job");
    const QString state =
        source_.isCopying() ? tr("copying from the engine's machine …") : QString(toString(run.state()));
    QStringList parts{tr("%1: %2").arg(run.job(), state)};
    if (!isTerminal(run.state()) && run.progress()) {
        const Progressed& p = *run.progress();
        if (p.total > 0) parts << tr("%1 / %2 %3").arg(p.done).arg(p.total).arg(QString::fromStdString(p.unit));
        if (p.eta_s >= 0) parts << tr("%1 left").arg(durationText(p.eta_s));
        if (p.tokens_per_s > 0) parts << tr("%1 k tokens/s").arg(p.tokens_per_s / 1e3, 0, 'f', 1);
        if (p.memory_bytes > 0) {
            parts << tr("memory %1 of %2")
                         .arg(bytesText(double(p.memory_bytes)), bytesText(double(p.memory_total_bytes)));
        }
    }
    if (run.state() == RunState::Failed && !run.stateText().isEmpty()) parts << run.stateText();
    if (!run.header().device.empty()) parts << QString::fromStdString(run.header().device);
    return parts.join(QString::fromUtf8("  ·  "));
}

void StatusPanel::showState() {
    const QString text = jobText();
    job_->setFullText(text);
    const RunData& run = source_.data();
    const double since = source_.secondsSinceLastRow();
    QString saved;
    if (run.isOpen() && isTerminal(run.state())) saved = tr("saved");
    if (run.isOpen() && !isTerminal(run.state()) && since >= 0) saved = tr("saved %1 s ago").arg(since, 0, 'f', 1);
    saved_->setFullText(saved);
}

void StatusPanel::setEngineText(const QString& text, bool problem) {
    engine_->setFullText(text);
    engine_->setProperty("role", problem ? "error" : "faint");
    engine_->setStyleSheet(QString());  // looks the role up again
}

void StatusPanel::setChangeText(const QString& text) { change_->setFullText(text); }

void StatusPanel::setNumProblems(int count) {
    problems_->setText(count == 1 ? tr("1 problem") : tr("%1 problems").arg(count));
}

void StatusPanel::setResumeShown(bool shown) { resume_->setVisible(shown); }

QString StatusPanel::text() const {
    return QStringList{job_->fullText(), change_->fullText(), engine_->fullText(), problems_->text(),
                       saved_->fullText()}
        .join(" | ");
}

}  // namespace fm
