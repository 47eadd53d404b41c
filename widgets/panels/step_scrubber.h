// Rewinds every view to any step of the shown run. New steps never move it unless it follows the last one.
#pragma once

#include <QWidget>

class QLabel;
class QSlider;
class QToolButton;

namespace fm {

class StepCursor;
enum class Sign;

// Keys while it has the focus: arrows one step, Page Up/Down a twentieth, Home/End the ends. Thread: the window's.
class StepScrubber : public QWidget {
    Q_OBJECT
public:
    explicit StepScrubber(StepCursor& cursor, QWidget* parent = nullptr);
    QSlider& slider() { return *slider_; }
    QToolButton& followButton() { return *follow_; }

private:
    QToolButton* addButton(Sign sign, const QString& help, void (StepScrubber::*run)());
    void goFirst();
    void goBack();
    void goOn();
    void goLast();
    void showState();

    StepCursor& cursor_;
    QSlider* slider_;
    QLabel* place_;
    QToolButton* follow_;
    QList<QToolButton*> buttons_;
};

}  // namespace fm
