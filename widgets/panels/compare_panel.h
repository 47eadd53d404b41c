// Plans and hybrids of the study against the pinned teacher and uniform plans: as a table, as accuracy over cost, and
// as parallel coordinates with brushing.
//
// Wiring: ComparePanel(study, cost, selection, theme). The window connects planWanted (PlanState::applyPlan),
// exportWanted and distillWanted (dialog, job form), evaluateWanted, probeChosen (CostState::showProbe) and
// measureWanted (the engine). pareto() and parallel() are the figures for "export all".
#pragma once

#include <QStringList>
#include <QTimer>
#include <QWidget>
#include <string>
#include <vector>

class QComboBox;
class QLabel;
class QStackedWidget;
class QTabBar;
class QTableView;
class QToolButton;

namespace fm {

class CompareModel;
class CompareOrder;
class CostState;
class ParallelPlot;
class ParetoPlot;
class ProbeChooser;
class Selection;
class StudyState;
class ThemeSource;
struct CompareEntry;
struct ProbeSubject;

class ComparePanel : public QWidget {
    Q_OBJECT
public:
    enum class View { Table, Pareto, Parallel };
    ComparePanel(const StudyState& study, const CostState& cost, Selection& selection, ThemeSource& theme,
                 QWidget* parent = nullptr);

    void showView(View view);
    const CompareModel& model() const { return *model_; }
    ParetoPlot& pareto() { return *pareto_; }
    ParallelPlot& parallel() { return *parallel_; }
    QStringList selectedIds() const;   // of CompareEntry
    void setLeftToMeasure(int plans);  // of what measureWanted() asked for

Q_SIGNALS:
    void planWanted(const std::string& plan_key, const QString& title);
    void exportWanted(const QString& id);  // "plan-FLLF" or a hybrid's id
    void distillWanted(const std::string& plan_key);
    void evaluateWanted(const QString& id);
    void probeChosen(const std::string& identity);
    void measureWanted(const std::vector<fm::ProbeSubject>& subjects);  // on the shown probe; empty: no more

private:
    QLayout* buildHead();
    QTableView* buildTable();
    void collect();
    void showFigures();
    void showPareto();
    void goOnComparing();
    void showParallel();
    void choose(const QString& id, bool add);
    void brushed(const std::vector<QString>& ids);
    void showKept();
    void followTable();
    void followSelection();
    void openMenu(const QPoint& at);
    void copy() const;
    std::vector<ProbeSubject> lacking() const;
    const CompareEntry* entry(const QString& id) const;

    const StudyState& study_;
    const CostState& cost_;
    Selection& selection_;
    ThemeSource& theme_;
    CompareModel* model_ = nullptr;
    CompareOrder* order_ = nullptr;
    QTabBar* tabs_ = nullptr;
    ProbeChooser* probe_ = nullptr;
    QToolButton* kept_button_ = nullptr;
    QComboBox* measure_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QTableView* table_ = nullptr;
    ParetoPlot* pareto_ = nullptr;
    ParallelPlot* parallel_ = nullptr;
    QLabel* empty_ = nullptr;
    QStringList parallel_axes_;
    QTimer next_turn_;        // of comparing
    bool following_ = false;  // the table's selection changes for another reason than the user's choice
};

}  // namespace fm
