// Problems that need the user, and the log of the shown run; both by severity, both can be copied.
//
// Wiring: LogPanel(problems, theme) with the window's one ProblemsModel (engine problems, StudyState::problemRaised,
// failures of runs go in there); setRun(&RunData) with the shown run. runActivated: the origin of a problem is a run.
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QStackedWidget;
class QTabBar;
class QTableView;

namespace fm {

class LogModel;
class ProblemsModel;
class RunData;
class SeverityFilter;
class ThemeSource;

class LogPanel : public QWidget {
    Q_OBJECT
public:
    LogPanel(ProblemsModel& problems, ThemeSource& theme, QWidget* parent = nullptr);

    void setRun(const RunData* run);

public Q_SLOTS:
    void showProblems();
    void showLog();
    void copy();  // the selected lines, or all that are shown

Q_SIGNALS:
    void runActivated(const QString& run_id);

private:
    QTableView* addTable(SeverityFilter* filter, const QString& name);
    QLayout* buildHead();
    void showState();
    void followEnd();
    QTableView* shownTable() const;

    ProblemsModel& problems_;
    ThemeSource& theme_;
    LogModel* log_ = nullptr;
    SeverityFilter* problems_filter_ = nullptr;
    SeverityFilter* log_filter_ = nullptr;
    QTabBar* tabs_ = nullptr;
    QComboBox* severity_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QTableView* problems_table_ = nullptr;
    QTableView* log_table_ = nullptr;
    QLabel* empty_ = nullptr;
    bool at_end_ = true;  // the log shows its newest line, and goes on doing so
};

}  // namespace fm
