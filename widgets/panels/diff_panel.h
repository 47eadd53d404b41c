// Where the specs of runs differ: of the runs selected for comparison, or of the shown run and the one of the same job
// before it.
//
// Wiring: DiffPanel(study, selection). Needs nothing from the window.
#pragma once

#include <QString>
#include <QWidget>

class QLabel;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace fm {

class ElidedLabel;
class Selection;
class SpecDiffModel;
class StudyState;
struct RunEntry;

class DiffPanel : public QWidget {
    Q_OBJECT
public:
    DiffPanel(StudyState& study, Selection& selection, QWidget* parent = nullptr);
    const SpecDiffModel& model() const { return *model_; }

private:
    void showRuns();
    void showCounts(std::size_t chosen);
    std::vector<const RunEntry*> runsToCompare() const;

    StudyState& study_;
    Selection& selection_;
    SpecDiffModel* model_ = nullptr;
    ElidedLabel* subtitle_ = nullptr;
    QToolButton* all_button_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QTableView* table_ = nullptr;
    QLabel* empty_ = nullptr;
    QString shown_;  // ids and specs of what is shown: a refresh of the same must not move anything
};

}  // namespace fm
