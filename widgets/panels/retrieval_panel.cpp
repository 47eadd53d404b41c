#include "widgets/panels/retrieval_panel.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/models/run_title.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/plots/retrieval_live_plot.h"
#include "widgets/plots/retrieval_map.h"
#include "widgets/state/gate_run_view.h"
#include "widgets/state/retrieval_cells.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"
#include "widgets/state/study_state.h"

namespace fm {
namespace {

void addOnce(std::vector<double>& values, double value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

std::size_t indexOf(const std::vector<double>& values, double value) {
    return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
}

}  // namespace

RetrievalPanel::RetrievalPanel(const RunData& run, StepCursor& cursor, const StudyState& study, Selection& selection,
                               ThemeSource& theme, QWidget* parent)
    : QWidget(parent),
      run_(run),
      cursor_(cursor),
      study_(study),
      selection_(selection),
      evaluation_(run, study, "eval"),
      live_(new RetrievalLivePlot(theme, this)),
      map_(new RetrievalMap(theme, this)),
      task_(new QComboBox(this)),
      pages_(new QStackedWidget(this)) {
    setObjectName("retrievalPanel");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(pages_);
    pages_->addWidget(live_);
    pages_->addWidget(map_);
    for (PlotFrame* plot : {static_cast<PlotFrame*>(live_), static_cast<PlotFrame*>(map_)}) plot->setTitleShown(false);
    live_->setEmptyText(
        tr("Accuracy over steps appears here when a run probes its plan on the way: set \"probe every\" "
           "in the settings of Gates."));
    map_->setEmptyText(
        tr("No evaluation in this study yet: run Evaluate to see recall by needle depth and context "
           "length."));
    task_->setAccessibleName(tr("Retrieval task of the map"));
    task_->setToolTip(tr("Which retrieval task the map shows"));
    map_->addHeaderWidget(task_);
    live_->addHeaderWidget(switchButtons());
    map_->addHeaderWidget(switchButtons());
    connect(task_, &QComboBox::currentIndexChanged, this, &RetrievalPanel::showCells);
    connect(map_, &RetrievalMap::cellSelected, this, &RetrievalPanel::chooseCell);
    connect(live_, &CurvePlot::stepClicked, &cursor_, [this](double step) { cursor_.setStep(rowOfStep(run_, step)); });
    connect(&run_, &RunData::wasReset, this, &RetrievalPanel::readRun);
    connect(&run_, &RunData::rowsAppended, this, &RetrievalPanel::readNewRows);
    connect(&cursor_, &StepCursor::stepChanged, this,
            [this] { live_->setStepCursor(stepOfRow(run_, cursor_.step())); });
    connect(&evaluation_, &CompanionRun::changed, this, &RetrievalPanel::followEvaluation);
    connect(&study_, &StudyState::runsChanged, this, &RetrievalPanel::showSubject);  // it may have a name now
    followEvaluation();
    readRun();
}

QWidget* RetrievalPanel::switchButtons() {
    auto* row = new QWidget(this);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* group = new QButtonGroup(row);
    const std::pair<QString, QString> buttons[] = {{tr("live"), tr("Accuracy of the run's probes over its steps")},
                                                   {tr("map"), tr("Recall by needle depth and context length")}};
    for (int page = 0; page < 2; ++page) {
        QToolButton* button = flatButton(buttons[page].first, buttons[page].second, row);
        button->setCheckable(true);
        group->addButton(button, page);
        layout->addWidget(button);
    }
    connect(group, &QButtonGroup::idClicked, this, [this](int page) {
        page_chosen_ = true;
        showMap(page == 1);
    });
    switches_ << group;
    return row;
}

void RetrievalPanel::showMap(bool map) {
    pages_->setCurrentIndex(map ? 1 : 0);
    for (QButtonGroup* group : switches_) group->button(map ? 1 : 0)->setChecked(true);
}

void RetrievalPanel::readRun() {
    probes_read_ = 0;
    live_->setCurves(
        {{.id = "probes/exact_match", .label = tr("exact answers"), .colour = CurveColour::Accent, .smooth = false},
         {.id = "probes/token_accuracy", .label = tr("answer tokens"), .colour = CurveColour::Faint, .smooth = false}});
    live_->setSubject(tr("the run's plan, on the probe that chooses"));
    readNewRows();
    live_->setStepCursor(stepOfRow(run_, cursor_.step()));
    if (!page_chosen_) showMap(probes_read_ < 2 && evaluation_.data());
}

void RetrievalPanel::readNewRows() {
    const std::span<const double> all_steps = run_.numbers("steps/index");
    if (!all_steps.empty()) live_->setStepExtent(all_steps.front(), all_steps.back());
    const std::span<const double> steps = run_.numbers("probes/step");
    // A probe after the run's swaps repeats the last step: it belongs to the plan, not to the curve.
    std::size_t end = static_cast<std::size_t>(probes_read_);
    while (end < steps.size() && (end == 0 || steps[end] > steps[end - 1])) ++end;
    const std::size_t first = static_cast<std::size_t>(probes_read_);
    if (end == first) return;
    const std::span<const double> x = steps.subspan(first, end - first);
    live_->append(0, x, run_.numbers("probes/exact_match").subspan(first, end - first));
    live_->append(1, x, run_.numbers("probes/token_accuracy").subspan(first, end - first));
    probes_read_ = static_cast<std::int64_t>(end);
    if (!page_chosen_ && probes_read_ >= 2) showMap(false);
}

void RetrievalPanel::followEvaluation() {
    if (const RunData* run = evaluation_.data()) {
        connect(run, &RunData::rowsAppended, this, &RetrievalPanel::showTasks, Qt::UniqueConnection);
    }
    showTasks();
}

void RetrievalPanel::showTasks() {
    const RunData* run = evaluation_.data();
    const QString before = task_->currentText();
    {
        const QSignalBlocker quiet(task_);
        task_->clear();
        for (const std::string& task : run ? evaluatedTasks(*run) : std::vector<std::string>()) {
            task_->addItem(QString::fromStdString(task));
        }
        task_->setCurrentIndex(std::max(0, task_->findText(before)));
        task_->setVisible(task_->count() > 1);
    }
    showCells();
    if (!page_chosen_ && task_->count() > 0 && probes_read_ < 2) showMap(true);
}

void RetrievalPanel::showCells() {
    const RunData* run = evaluation_.data();
    const std::vector<RecallCell> cells =
        run ? recallCells(*run, task_->currentText().toStdString()) : std::vector<RecallCell>();
    depths_.clear();
    lengths_.clear();
    for (const RecallCell& cell : cells) {
        addOnce(depths_, cell.depth);
        addOnce(lengths_, cell.tokens);
    }
    std::sort(depths_.begin(), depths_.end());
    std::sort(lengths_.begin(), lengths_.end());
    RetrievalGrid grid{depths_, lengths_, std::vector<RetrievalCell>(depths_.size() * lengths_.size())};
    sequences_ = 0;
    for (const RecallCell& cell : cells) {
        RetrievalCell& to = grid.cells[indexOf(depths_, cell.depth) * lengths_.size() + indexOf(lengths_, cell.tokens)];
        to = {cell.recall.value, static_cast<int>(cell.recall.n), cell.recall.low, cell.recall.high};
        sequences_ += static_cast<int>(cell.recall.n);
    }
    map_->setGrid(grid);
    map_->setSelectedCell(std::nullopt);
    showSubject();
}

void RetrievalPanel::showSubject() {
    const RunData* run = evaluation_.data();
    if (run == nullptr || depths_.empty()) return map_->setSubtitle({});
    const QString title = runLongTitle(study_, run->runId());
    map_->setSubtitle(tr("%1, %2 sequences, %3").arg(task_->currentText()).arg(sequences_).arg(title));
}

// The first sample of the cell, so that the inspector opens on it.
void RetrievalPanel::chooseCell(int depth, int length) {
    map_->setSelectedCell(std::pair(depth, length));
    if (!evaluation_.data()) return;
    const RunData& run = *evaluation_.data();
    const auto tasks = run.texts("eval/samples/task");
    const auto tokens = run.numbers("eval/samples/tokens"), depths = run.numbers("eval/samples/depth");
    const std::string task = task_->currentText().toStdString();
    for (std::size_t i = 0; i < std::min({tasks.size(), tokens.size(), depths.size()}); ++i) {
        if (tasks[i] == task && tokens[i] == lengths_[static_cast<std::size_t>(length)] &&
            depths[i] == depths_[static_cast<std::size_t>(depth)]) {
            return selection_.setSample({run.runId(), static_cast<int>(i)});
        }
    }
}

}  // namespace fm
