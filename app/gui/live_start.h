// A gate run that starts by itself as soon as the engine has opened the study: what `bootstrap.sh demo` shows first.
#pragma once

#include <QElapsedTimer>
#include <QObject>

namespace fm {

class MainWindow;
class Workbench;

// Clicks "Run it live" once and says on stderr how long after `since` the gates moved. Thread: the window's.
class LiveStart : public QObject {
    Q_OBJECT
public:
    LiveStart(MainWindow& window, Workbench& workbench, const QElapsedTimer& since);

Q_SIGNALS:
    void moved();  // the live run's second step is shown

private:
    void clickWhenReady();
    void watchRows();

    MainWindow& window_;
    Workbench& workbench_;
    const QElapsedTimer since_;
    bool clicked_ = false, moved_ = false;
};

}  // namespace fm
