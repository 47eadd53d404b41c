// Start, Pause, Step, Stop and keep. A button says what was asked for until the engine has acknowledged it.
#pragma once

#include <QString>
#include <QWidget>

class QToolButton;

namespace fm {

// What the engine has said about the job, and what it was asked for since.
enum class JobPhase { NoEngine, Idle, Starting, Queued, Running, Paused };
enum class JobAsked { Nothing, Pause, Resume, Step, Stop };

// Emits wishes and shows states; it knows no engine. Thread: the window's.
class RunControls : public QWidget {
    Q_OBJECT
public:
    explicit RunControls(QWidget* parent = nullptr);

    void setPhase(JobPhase phase);  // from the engine: clears what was asked for
    void setAsked(JobAsked asked);  // sent, not acknowledged yet
    JobPhase phase() const { return phase_; }
    JobAsked asked() const { return asked_; }
    void setStartText(const QString& text, const QString& help);  // "Run it live"

    QToolButton& start() { return *start_; }
    QToolButton& pause() { return *pause_; }
    QToolButton& step() { return *step_; }
    QToolButton& stop() { return *stop_; }

Q_SIGNALS:
    void startWanted();
    void pauseWanted();
    void resumeWanted();
    void stepWanted();
    void stopWanted();

private:
    QToolButton* addButton(const QString& name);
    void showState();

    JobPhase phase_ = JobPhase::NoEngine;
    JobAsked asked_ = JobAsked::Nothing;
    QString start_text_, start_help_;
    QToolButton *start_, *pause_, *step_, *stop_;
};

}  // namespace fm
