// How layers depend on each other: the pair map, filled while an interact run measures, and the curvature at its plan.
//
// Wiring: InterdependencePanel(plan, selection, theme). The window calls setRun() with the RunData of the study's
// newest interact run (or of the shown run, when it is one), setGateRun() with a gate run for the profiles, and opens
// the job form on interactWanted(). pairMap() and curvatureMap() are the figures for "export all".
#pragma once

#include <QTimer>
#include <QWidget>
#include <utility>

#include "widgets/panels/pair_values.h"

class QBoxLayout;
class QStackedWidget;
class QTabBar;
class QToolButton;
class QLabel;

namespace fm {

class CurvatureMap;
class PairInspector;
class PairMap;
class PlanState;
class RunData;
class Selection;
class ThemeSource;

class InterdependencePanel : public QWidget {
    Q_OBJECT
public:
    InterdependencePanel(const PlanState& plan, Selection& selection, ThemeSource& theme, QWidget* parent = nullptr);

    void setRun(const RunData* run);      // an interact run; null: none
    void setGateRun(const RunData* run);  // a gate run; null: none
    PairMap& pairMap() { return *pairs_; }
    CurvatureMap& curvatureMap() { return *curvature_; }
    PairInspector& inspector() { return *inspector_; }
    void showCurvature(bool curvature);
    void setClustered(bool clustered);  // else in order of layers

Q_SIGNALS:
    void interactWanted();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QLayout* buildHead();
    QWidget* buildEmptyPage();
    void readRun();
    void showMarks();
    void showPair(int first, int second);
    void inspect(int first, int second);
    void arrange();
    void showDetails(bool details);
    void followSelection();
    void showProfiles();

    const PlanState& plan_;
    Selection& selection_;
    ThemeSource& theme_;
    const RunData* run_ = nullptr;
    const RunData* gate_run_ = nullptr;
    PairValues values_;
    std::pair<int, int> pair_{-1, -1};
    QTimer read_timer_;  // rows of a live run are read at most ten times a second

    QTabBar* tabs_ = nullptr;
    QLabel* progress_ = nullptr;
    QToolButton* order_button_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QBoxLayout* page_layout_ = nullptr;
    QStackedWidget* maps_ = nullptr;
    PairMap* pairs_ = nullptr;
    CurvatureMap* curvature_ = nullptr;
    PairInspector* inspector_ = nullptr;
    bool low_ = false;  // map and details do not fit both
};

}  // namespace fm
