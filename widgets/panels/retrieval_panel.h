// Retrieval: accuracy of the shown run's probes over its steps, and recall by needle depth and context length of an
// evaluation: the shown one, else the newest of the study.
#pragma once

#include <QWidget>

#include "widgets/state/companion_run.h"

class QButtonGroup;
class QComboBox;
class QStackedWidget;

namespace fm {

class RetrievalLivePlot;
class RetrievalMap;
class Selection;
class StepCursor;
class StudyState;
class ThemeSource;

// Thread: the window's.
class RetrievalPanel : public QWidget {
    Q_OBJECT
public:
    RetrievalPanel(const RunData& run, StepCursor& cursor, const StudyState& study, Selection& selection,
                   ThemeSource& theme, QWidget* parent = nullptr);
    RetrievalLivePlot& live() { return *live_; }
    RetrievalMap& map() { return *map_; }
    void showMap(bool map);

private:
    QWidget* switchButtons();
    void readRun();
    void readNewRows();
    void followEvaluation();
    void showTasks();
    void showCells();
    void showSubject();
    void chooseCell(int depth, int length);

    const RunData& run_;
    StepCursor& cursor_;
    const StudyState& study_;
    Selection& selection_;
    CompanionRun evaluation_;
    RetrievalLivePlot* live_;
    RetrievalMap* map_;
    QComboBox* task_;
    QStackedWidget* pages_;
    QList<QButtonGroup*> switches_;
    std::vector<double> depths_, lengths_;  // of the map's rows and columns
    int sequences_ = 0;                     // in the map's cells
    std::int64_t probes_read_ = 0;
    bool page_chosen_ = false;  // by the user: runs no longer change it
};

}  // namespace fm
