// The row below the menus: study, engine, which job, and its controls.
#pragma once

#include <QToolBar>

class QActionGroup;
class QLabel;
class QToolButton;

namespace fm {

class RunControls;

// Emits wishes; knows neither study nor engine. Thread: the window's.
class WindowToolbar : public QToolBar {
    Q_OBJECT
public:
    explicit WindowToolbar(QWidget* parent = nullptr);

    RunControls& controls() { return *controls_; }
    QToolButton& openButton() { return *open_; }
    void setStudy(const QString& name, const QString& folder);
    void setEngine(const QString& where, const QString& what, bool problem);  // "local", "cpu avx2, starting"
    void setJob(const QString& job);                                          // "gates": which button is pressed down
    QString job() const;

Q_SIGNALS:
    void jobChosen(const QString& job);
    void exportWanted();
    void engineSettingsWanted();

private:
    QWidget* spacer();
    void addJob(const QString& job, const QString& text, const QString& help);

    QToolButton* open_;
    QLabel* study_;
    QToolButton* engine_;
    QActionGroup* jobs_;
    RunControls* controls_;
};

}  // namespace fm
