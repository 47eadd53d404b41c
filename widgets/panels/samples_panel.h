// The samples of an eval run as a list, and one of them in full.
//
// Wiring: SamplesPanel(selection, theme); setRun(&RunData) with the shown run, setPlan() with its plan. On
// sampleWanted(run, index) the window asks the engine for sample/get and answers with setDetail() or
// setDetailProblem(); answers for another sample are dropped. evaluateWanted() opens the job form for an evaluation.
#pragma once

#include <QWidget>

#include "widgets/models/samples_model.h"
#include "widgets/panels/sample_inspector.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace fm {

class RunData;
class Selection;
class ThemeSource;

class SamplesPanel : public QWidget {
    Q_OBJECT
public:
    SamplesPanel(Selection& selection, ThemeSource& theme, QWidget* parent = nullptr);

    void setRun(const RunData* run);
    // Key of the plan that answered ("FLLF"), where the window knows it; empty otherwise.
    void setPlan(const std::string& plan_key);
    void setDetail(const QString& run_id, int index, const SampleDetail& detail);
    void setDetailProblem(const QString& run_id, int index, const QString& sentence);
    SampleInspector& inspector() { return *inspector_; }

Q_SIGNALS:
    void sampleWanted(const QString& run_id, int index);
    void evaluateWanted();

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QLayout* buildHead();
    QWidget* buildEmptyPage();
    void showCell(const QString& task, std::int64_t tokens, double depth);  // empty task: all cells
    void showCounts();
    void shareRoom();
    void clearInspector();
    void followTable();
    void followSelection();
    bool isShown(const QString& run_id, int index) const;

    Selection& selection_;
    ThemeSource& theme_;
    const RunData* run_ = nullptr;
    SamplesModel* model_ = nullptr;
    SamplesFilter* filter_ = nullptr;
    QLineEdit* words_ = nullptr;
    QCheckBox* wrong_only_ = nullptr;
    QToolButton* cell_button_ = nullptr;
    QLabel* counts_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QSplitter* splitter_ = nullptr;
    QTableView* table_ = nullptr;
    QLabel* empty_ = nullptr;
    QPushButton* evaluate_ = nullptr;
    SampleInspector* inspector_ = nullptr;
    int shown_index_ = -1;
    bool share_by_hand_ = false;
    bool one_cell_ = false;  // the list shows one cell only
};

}  // namespace fm
