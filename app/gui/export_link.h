// The export dialog and the engine: targets, the export job, the check of what was written.
#pragma once

#include <QObject>
#include <QString>

namespace fm {

class ExportDialog;
class Workbench;

// Thread: the window's.
class ExportLink : public QObject {
    Q_OBJECT
public:
    ExportLink(Workbench& workbench, ExportDialog& dialog, QObject* parent = nullptr);

    void showPresent();            // the newest hybrid of the study, else the present plan
    void show(const QString& id);  // a hybrid's id, or "plan-FLLF"

private:
    void askTargets();
    void exportTo(const QString& target, const QString& out, const QString& dtype);
    void verify(const QString& folder);

    Workbench& workbench_;
    ExportDialog& dialog_;
    QString run_;  // of the export job under way
};

}  // namespace fm
