// The row below the menus: study, engine, which job, and its controls.
#pragma once

#include <QToolBar>

class QButtonGroup;
class QHBoxLayout;
class QToolButton;

namespace fm {

class ElidedLabel;
class RunControls;

// Emits wishes; knows neither study nor engine. When room gets short the texts give way, never a control.
// Thread: the window's.
class WindowToolbar : public QToolBar {
    Q_OBJECT
public:
    explicit WindowToolbar(QWidget* parent = nullptr);

    RunControls& controls() { return *controls_; }
    QToolButton& openButton() { return *open_; }  // the window gives it its menu
    void setStudy(const QString& name, const QString& folder);
    void setEngine(const QString& where, const QString& what);  // "local", "cpu avx2, starting"
    void setJob(const QString& job);                            // "gates": which button is pressed down
    QString job() const;

Q_SIGNALS:
    void jobChosen(const QString& job);
    void exportWanted();

private:
    QToolButton* addButton(QHBoxLayout& row, const QString& text, const QString& help);
    void addJob(QHBoxLayout& row, const QString& job, const QString& text, const QString& help);

    QToolButton* open_;
    ElidedLabel *study_, *engine_;
    QButtonGroup* jobs_;
    RunControls* controls_;
};

}  // namespace fm
