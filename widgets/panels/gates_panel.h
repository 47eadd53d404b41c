// The gates of the shown run over its steps: as a heat map and as curves, linked with strip, cursor and selection.
#pragma once

#include <QWidget>
#include <memory>

class QButtonGroup;
class QStackedWidget;

namespace fm {

class GateHistory;
class GatesCurves;
class GatesHeatmap;
class PlanState;
class RunData;
class Selection;
class StepCursor;
class ThemeSource;

// Thread: the window's.
class GatesPanel : public QWidget {
    Q_OBJECT
public:
    GatesPanel(const RunData& run, StepCursor& cursor, const PlanState& plan, Selection& selection, ThemeSource& theme,
               QWidget* parent = nullptr);
    GatesHeatmap& heatmap() { return *heatmap_; }
    GatesCurves& curves() { return *curves_; }
    void showCurves(bool curves);

private:
    void readRun();
    void readNewRows();
    void showStep();
    void showMarks();
    void chooseStep(double step);
    QWidget* switchButtons();

    const RunData& run_;
    StepCursor& cursor_;
    const PlanState& plan_;
    Selection& selection_;
    std::shared_ptr<GateHistory> history_;
    GatesHeatmap* heatmap_;
    GatesCurves* curves_;
    QStackedWidget* pages_;
    QList<QButtonGroup*> switches_;
};

}  // namespace fm
