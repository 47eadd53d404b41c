// Which probe the comparison shows, and a way to measure on it what was measured on others only.
#pragma once

#include <QWidget>
#include <string>

class QMenu;
class QToolButton;

namespace fm {

class ElidedLabel;
struct Measurements;

// Thread: the window's.
class ProbeChooser : public QWidget {
    Q_OBJECT
public:
    explicit ProbeChooser(QWidget* parent = nullptr);
    void setMeasurements(const Measurements& measured);
    void setLacking(int plans);       // how many of the comparison are not measured on the shown probe
    void setLeft(int plans);          // of those asked for, how many the engine still has to measure; 0: none asked for
    QMenu& menu() { return *menu_; }  // one action a probe
    const ElidedLabel& text() const { return *text_; }

Q_SIGNALS:
    void chosen(const std::string& identity);
    void restWanted();
    void stopWanted();

private:
    void showProbes(const Measurements& measured, const QString& older);
    void showRest();

    QToolButton* probe_;
    QMenu* menu_;
    ElidedLabel* text_;
    QToolButton* rest_;
    int lacking_ = 0, left_ = 0;
};

}  // namespace fm
