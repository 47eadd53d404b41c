// Everything that opens something: studies, new studies, run files, the engine's location; by menu and by drop.
#pragma once

#include <QObject>
#include <QString>

class QMenu;
class QMimeData;

namespace fm {

class MainWindow;
class Workbench;

// Thread: the window's.
class Opening : public QObject {
    Q_OBJECT
public:
    Opening(MainWindow& window, Workbench& workbench);

    void chooseStudy();
    void openThere();  // on the engine's machine
    void newStudy();
    void openBuiltIn();
    void openBuiltIn(const QString& folder);  // there instead of in the user's data folder
    void chooseEngine();
    void fillRecent(QMenu& menu);
    // A study's folder, or a run file, alone or in a study.
    bool open(const QString& path);
    static bool canOpen(const QMimeData& data);

private:
    void createBuiltIn(const QString& folder, const QString& why_not_copied);

    MainWindow& window_;
    Workbench& workbench_;
};

}  // namespace fm
