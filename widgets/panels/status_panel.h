// The line at the bottom: what the job is doing and how long still, on which device, and whether anything is wrong.
#pragma once

#include <QTimer>
#include <QWidget>

class QToolButton;

namespace fm {

class ElidedLabel;
class RunData;
class RunSource;

// Thread: the window's.
class StatusPanel : public QWidget {
    Q_OBJECT
public:
    explicit StatusPanel(RunSource& source, QWidget* parent = nullptr);

    void setEngineText(const QString& text, bool problem);  // "engine: local, starting", "the engine has ended: ..."
    void setChangeText(const QString& text);                // "gate change takes effect at step 1 481"
    void setNumProblems(int count);
    void setResumeShown(bool shown);  // after the engine was lost during a job
    QString text() const;             // all of it, for tests

Q_SIGNALS:
    void problemsWanted();
    void resumeWanted();

private:
    void showState();
    QString jobText() const;

    RunSource& source_;
    ElidedLabel *job_, *engine_, *change_, *saved_;
    QToolButton *problems_, *resume_;
    QTimer clock_;
};

QString durationText(double seconds);  // "8 s", "12 min", "3 h 20 min"

}  // namespace fm
