// The runs of the study: table with sorting, text filter, chosen columns, tags, notes and archive.
//
// Wiring: RunsPanel(study, selection, theme). The selected run becomes Selection::run(), several selected ones
// Selection::comparedRuns(). The window connects runActivated (show it, raise its plots), resumeRequested (job/start
// with `resume`), settingsWanted (open the job form with this run's spec) and problemFound, and keeps saveState() with
// its own layout. Labels go through StudyState::setLabel.
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

class QLabel;
class QLineEdit;
class QMenu;
class QStackedWidget;
class QToolButton;

namespace fm {

class RunLabelEditor;
class RunsFilter;
class RunsModel;
class RunsTable;
class Selection;
class StudyState;
class ThemeSource;

class RunsPanel : public QWidget {
    Q_OBJECT
public:
    RunsPanel(StudyState& study, Selection& selection, ThemeSource& theme, QWidget* parent = nullptr);

    RunsModel& model() { return *model_; }
    QByteArray saveState() const;  // columns, their order and widths, sorting, filter
    bool restoreState(const QByteArray& state);

public Q_SLOTS:
    void focusFilter();

Q_SIGNALS:
    void runActivated(const QString& run_id);
    void resumeRequested(const QString& run_id);
    void settingsWanted(const QString& run_id);  // start a new job from this run's spec

private:
    void build();
    void buildTable();
    void addShortcuts();
    void addColumnActions(QMenu& menu);
    void toggleSpecColumn(const QString& field, bool show);
    void showRuns();
    std::vector<std::string> unreadPaths() const;
    std::map<std::string, std::string> hybridNames() const;
    void showFilter(const QString& text);
    void followView();       // the user has selected rows
    void followSelection();  // another view has selected a run
    void showLabel();
    void toggleArchived();
    void showCounts();
    void openMenu(const QPoint& at);
    QString currentRun() const;
    QStringList selectedRuns() const;

    StudyState& study_;
    Selection& selection_;
    ThemeSource& theme_;
    RunsModel* model_ = nullptr;
    RunsFilter* filter_ = nullptr;
    QLineEdit* filter_edit_ = nullptr;
    QLabel* counts_ = nullptr;
    QToolButton* columns_button_ = nullptr;
    QToolButton* archived_button_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    RunsTable* table_ = nullptr;
    QLabel* empty_ = nullptr;
    RunLabelEditor* label_editor_ = nullptr;
    bool following_ = false;  // the table changes for another reason than the user's choice
};

}  // namespace fm
