// The window: docks, toolbar, menus, foot. Composition only.
#pragma once

#include <QMainWindow>

#include "app/gui/docks.h"
#include "app/gui/panels.h"

namespace fm {

class ExportDialog;
class ExportLink;
class JobLink;
class Opening;
class PanelLinks;
class StatusPanel;
class StepScrubber;
class WindowToolbar;
enum class ThemeKind;

// Thread: the window's.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(Workbench& workbench, ThemeSource& theme, QWidget* parent = nullptr);

    Docks& docks() { return docks_; }
    const Panels& panels() const { return panels_; }
    WindowToolbar& toolbar() { return *toolbar_; }
    StepScrubber& scrubber() { return *scrubber_; }
    StatusPanel& status() { return *status_; }
    ProblemsModel& problems() { return *problems_; }
    ExportLink& exports() { return *export_link_; }
    Opening& opening() { return *opening_; }

    void restoreOrArrange();  // the last layout, or the default one for the present size
    void resetLayout();
    void saveLayout();
    void setThemeKind(ThemeKind kind);
    void setTextScale(double scale);
    void showShortcuts();  // F1

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void buildFoot();
    void wireStudy();
    void wireJob();
    void wireSettings();
    void showPhase();
    void showEngine();

    Workbench& workbench_;
    ThemeSource& theme_;
    Docks docks_;
    ProblemsModel* problems_;
    WindowToolbar* toolbar_;
    Panels panels_;
    ExportDialog* export_dialog_;
    JobLink* job_link_;
    ExportLink* export_link_;
    Opening* opening_;
    StepScrubber* scrubber_ = nullptr;
    StatusPanel* status_ = nullptr;
    int num_layers_ = 0;    // of the plan that the docks were fitted to
    bool closing_ = false;  // the engine has been asked to stop and keep
};

}  // namespace fm
