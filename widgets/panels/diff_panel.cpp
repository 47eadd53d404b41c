#include "widgets/panels/diff_panel.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>

#include "widgets/models/run_title.h"
#include "widgets/models/spec_diff_model.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/state/selection.h"
#include "widgets/state/study_state.h"

namespace fm {
namespace {

constexpr std::size_t kMostRuns = 12;  // columns that a reader can hold against each other; a brush may keep hundreds

}  // namespace

DiffPanel::DiffPanel(StudyState& study, Selection& selection, QWidget* parent)
    : QWidget(parent), study_(study), selection_(selection) {
    model_ = new SpecDiffModel(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->setSpacing(4);
    auto* head = new QHBoxLayout;
    subtitle_ = faintElidedLabel(this);  // a brush that keeps many runs must not widen the docks
    all_button_ = flatButton(tr("all fields"), tr("Also show the fields in which the runs are equal"), this);
    all_button_->setCheckable(true);
    QToolButton* copy = flatButton(tr("copy"), tr("Copies the shown fields as tab-separated text"), this);
    head->addWidget(subtitle_);
    head->addStretch(1);
    head->addWidget(all_button_);
    head->addWidget(copy);
    layout->addLayout(head);
    pages_ = new QStackedWidget(this);
    table_ = new QTableView(pages_);
    setTableLook(*table_, tr("Differences between the specs of runs"));
    table_->setModel(model_);
    empty_ = emptyLabel(pages_);
    pages_->addWidget(table_);
    pages_->addWidget(empty_);
    layout->addWidget(pages_, 1);
    connect(all_button_, &QToolButton::toggled, this, [this](bool all) {
        model_->setDifferencesOnly(!all);
        shown_.clear();
        showRuns();
    });
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(model_->tsv()); });
    connect(&study_, &StudyState::runsChanged, this, &DiffPanel::showRuns);
    connect(&study_, &StudyState::opened, this, &DiffPanel::showRuns);
    connect(&selection_, &Selection::runChanged, this, &DiffPanel::showRuns);
    connect(&selection_, &Selection::comparedRunsChanged, this, &DiffPanel::showRuns);
    showRuns();
}

std::vector<const RunEntry*> DiffPanel::runsToCompare() const {
    std::vector<const RunEntry*> runs;
    if (selection_.comparedRuns().size() > 1) {
        for (const QString& id : selection_.comparedRuns()) {  // ids begin with the time: oldest first
            const RunEntry* run = study_.run(id);
            if (run != nullptr && run->summary.problem.empty()) runs.push_back(run);
        }
        return runs;
    }
    const RunEntry* shown = study_.run(selection_.run());
    if (shown == nullptr || !shown->summary.problem.empty()) return runs;
    const RunEntry* before = nullptr;
    for (const RunEntry& run : study_.runs()) {
        if (run.summary.path == shown->summary.path) break;
        if (run.summary.job == shown->summary.job && run.summary.problem.empty()) before = &run;
    }
    if (before != nullptr) runs = {shown, before};
    return runs;
}

void DiffPanel::showRuns() {
    std::vector<const RunEntry*> runs = runsToCompare();
    const std::size_t chosen = runs.size();
    if (chosen > kMostRuns) runs.erase(runs.begin(), runs.end() - kMostRuns);
    std::vector<SpecDiffModel::Run> specs;
    QStringList titles;
    QString identity;
    for (const RunEntry* run : runs) {
        titles << runLongTitle(*run);
        specs.push_back({titles.constLast(), run->summary.spec_json});
        identity += QString::fromStdString(run->summary.path + run->summary.spec_json) + titles.constLast();
    }
    if (runs.size() < 2) {
        empty_->setText(
            tr("Select two or more runs (Ctrl+click, or Shift and arrows) to see where their settings "
               "differ. One selected run is held against the one of its job before it."));
    } else {
        const QString all = titles.join(QStringLiteral(" · "));
        empty_->setText(tr("No difference: %1 have the same settings.").arg(all));
    }
    if (identity != shown_ || runs.empty()) {
        shown_ = identity;
        model_->setRuns(specs);
        table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
        table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    }
    showCounts(chosen);
    const bool has_rows = runs.size() > 1 && model_->rowCount() > 0;
    pages_->setCurrentWidget(has_rows ? static_cast<QWidget*>(table_) : empty_);
}

// The runs themselves are named at the heads of their columns.
void DiffPanel::showCounts(std::size_t chosen) {
    QStringList parts;
    if (chosen > kMostRuns) parts << tr("newest %1 of %2 runs").arg(kMostRuns).arg(chosen);
    if (model_->numRuns() > 1)
        parts << tr("%1 of %2 fields differ").arg(model_->numDifferences()).arg(model_->numFields());
    subtitle_->setFullText(parts.join(QStringLiteral(" · ")));
}

}  // namespace fm
