// What the shown run minimises, over its steps: the curves of a gate run, or the scalar series of any other job. The
// settings that can change while a gate run goes on open from here.
#pragma once

#include <QWidget>
#include <string>
#include <vector>

class QToolButton;

namespace fm {

class LiveSettings;
class ObjectivePlot;
class RunData;
class StepCursor;
class ThemeSource;

// Thread: the window's.
class ObjectivePanel : public QWidget {
    Q_OBJECT
public:
    ObjectivePanel(const RunData& run, StepCursor& cursor, ThemeSource& theme, QWidget* parent = nullptr);
    ObjectivePlot& plot() { return *plot_; }
    LiveSettings& settings() { return *settings_; }

private:
    void addSmoothing();
    void addSettings();
    void readRun();
    void readNewRows();
    void showStep();
    void showSettings();

    const RunData& run_;
    StepCursor& cursor_;
    ObjectivePlot* plot_;
    LiveSettings* settings_;
    QToolButton* settings_button_;
    std::vector<std::string> paths_;  // of the plot's curves
    std::int64_t rows_read_ = 0;
};

}  // namespace fm
