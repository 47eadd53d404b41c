#include "widgets/panels/compare_panel.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <utility>

#include "widgets/models/compare_model.h"
#include "widgets/panels/column_fit.h"
#include "widgets/panels/compare_figures.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/panels/probe_chooser.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/selection.h"
#include "widgets/state/study_state.h"
#include "widgets/theme/theme.h"

namespace fm {

static void compareCellLook(const QModelIndex& index, const Theme& theme, QStyleOptionViewItem& option) {
    QColor colour = theme.text;
    // The cost model's figures are predictions; they look fainter than what was measured.
    const int column = index.column();
    if (column == CompareModel::DecodeColumn || column == CompareModel::KvColumn ||
        column == CompareModel::StateColumn || column == CompareModel::PlanColumn)
        colour = theme.text_faint;
    if (index.data(CompareModel::AbsentRole).toBool()) colour = theme.text_faint;
    if (index.data(CompareModel::TiedRole).toBool()) colour = theme.accent;
    if (index.data(CompareModel::BestRole).toBool()) {
        colour = theme.accent;
        option.font.setWeight(QFont::DemiBold);
    }
    if (index.data(CompareModel::PinnedRole).toBool()) {
        option.backgroundBrush = theme.hover;
        if (column == CompareModel::NameColumn) option.font.setWeight(QFont::DemiBold);
    }
    option.palette.setColor(QPalette::Text, colour);
    option.palette.setColor(QPalette::HighlightedText, colour);
}

ComparePanel::ComparePanel(const StudyState& study, const CostState& cost, Selection& selection, ThemeSource& theme,
                           QWidget* parent)
    : QWidget(parent), study_(study), cost_(cost), selection_(selection), theme_(theme) {
    model_ = new CompareModel(this);
    order_ = new CompareOrder(this);
    order_->setSourceModel(model_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 4, 6, 6);
    layout->setSpacing(4);
    layout->addLayout(buildHead());
    probe_ = new ProbeChooser(this);
    layout->addWidget(probe_);
    pages_ = new QStackedWidget(this);
    table_ = buildTable();
    pareto_ = new ParetoPlot(theme_, pages_);
    parallel_ = new ParallelPlot(theme_, pages_);
    empty_ = emptyLabel(pages_);
    empty_->setText(
        tr("Nothing is measured yet. Let the budget rest on a plan to probe it, run Select for the uniform "
           "plans and other rules, or Distill to recover a hybrid."));
    pareto_->setTitleShown(false);
    parallel_->setTitleShown(false);
    for (QWidget* page : std::initializer_list<QWidget*>{table_, pareto_, parallel_, empty_}) pages_->addWidget(page);
    layout->addWidget(pages_, 1);
    connect(pareto_, &ParetoPlot::pointClicked, this, [this](const QString& id, Qt::KeyboardModifiers keys) {
        choose(id, keys & (Qt::ControlModifier | Qt::ShiftModifier));
    });
    connect(parallel_, &ParallelPlot::lineClicked, this, [this](const QString& id, Qt::KeyboardModifiers keys) {
        choose(id, keys & (Qt::ControlModifier | Qt::ShiftModifier));
    });
    connect(parallel_, &ParallelPlot::brushed, this, &ComparePanel::brushed);
    connect(probe_, &ProbeChooser::chosen, this, &ComparePanel::probeChosen);
    connect(probe_, &ProbeChooser::restWanted, this, [this] { Q_EMIT measureWanted(lacking()); });
    connect(probe_, &ProbeChooser::stopWanted, this, [this] { Q_EMIT measureWanted({}); });
    for (const auto changed : {&StudyState::runsChanged, &StudyState::modelChanged, &StudyState::opened})
        connect(&study_, changed, this, &ComparePanel::collect);
    connect(&cost_, &CostState::measurementsChanged, this, &ComparePanel::collect);
    connect(&cost_, &CostState::changed, this, &ComparePanel::showPareto);
    next_turn_.setSingleShot(true);
    connect(&next_turn_, &QTimer::timeout, this, &ComparePanel::goOnComparing);
    connect(&selection_, &Selection::comparedRunsChanged, this, &ComparePanel::followSelection);
    connect(&theme_, &ThemeSource::changed, table_->viewport(), qOverload<>(&QWidget::update));
    collect();
}

QLayout* ComparePanel::buildHead() {
    auto* head = new QHBoxLayout;
    tabs_ = new QTabBar(this);
    tabs_->addTab(tr("table"));
    tabs_->addTab(tr("Pareto"));
    tabs_->addTab(tr("parallel"));
    tabs_->setTabToolTip(0, tr("All figures; teacher and uniform plans stay at the top"));
    tabs_->setTabToolTip(1, tr("Recall over cost: up and to the left is better"));
    tabs_->setTabToolTip(2, tr("One line per plan or hybrid; drag along an axis to keep only what lies there"));
    tabs_->setAccessibleName(tr("View of the comparison"));
    measure_ = new QComboBox(this);
    measure_->addItems({tr("probe"), tr("eval")});  // short: the tabs stand beside it in a narrow dock
    measure_->setToolTip(
        tr("Which measured recall the Pareto view shows: exact answers on the probe, or generated answers (eval)"));
    measure_->setAccessibleName(tr("Measure of the Pareto view"));
    kept_button_ = flatButton({}, tr("A brush in the parallel view keeps only these; click to show all"), this);
    QToolButton* copy = flatButton(tr("copy"), tr("Copies the table as CSV, numbers in full"), this);
    head->addWidget(tabs_);
    head->addStretch(1);
    head->addWidget(kept_button_);
    head->addWidget(measure_);
    head->addWidget(copy);
    connect(tabs_, &QTabBar::currentChanged, this, &ComparePanel::showFigures);
    connect(measure_, &QComboBox::currentIndexChanged, this, &ComparePanel::showPareto);
    connect(kept_button_, &QToolButton::clicked, this, [this] { parallel_->clearBrushes(); });
    connect(copy, &QToolButton::clicked, this, &ComparePanel::copy);
    return head;
}

QTableView* ComparePanel::buildTable() {
    auto* table = new QTableView(pages_);
    setTableLook(*table, tr("Plans and hybrids of the study"));
    table->setModel(order_);
    table->setSortingEnabled(true);
    table->sortByColumn(CompareModel::BudgetColumn, Qt::AscendingOrder);
    table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table->setContextMenuPolicy(Qt::CustomContextMenu);
    table->setItemDelegate(new ThemedDelegate(theme_, compareCellLook, table));
    new ColumnFit(*table, {{CompareModel::NameColumn, "uniform-a K=4", 1},
                           {CompareModel::RecallColumn, QString::fromUtf8("0.96 (0.81–0.99)")},
                           {CompareModel::KvColumn, QString::fromUtf8("144 KiB · 100 %")},
                           {CompareModel::BudgetColumn, "12"},
                           {CompareModel::KlColumn, QString::fromUtf8("0.003 (0.000–0.357)")},
                           {CompareModel::DecodeColumn, QString::fromUtf8("×17.1")},
                           {CompareModel::EvalColumn, QString::fromUtf8("0.96 (0.81–0.99)")},
                           {CompareModel::TextKlColumn, QString::fromUtf8("0.16 (0.07–0.47)")},
                           {CompareModel::StateColumn, "96.0 KiB"},
                           {CompareModel::PlanColumn, "0 4 8 11", 2}});
    connect(table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ComparePanel::followTable);
    connect(table, &QTableView::customContextMenuRequested, this, &ComparePanel::openMenu);
    connect(table, &QTableView::activated, this, [this](const QModelIndex& index) {
        const CompareEntry* chosen = entry(index.data(CompareModel::IdRole).toString());
        if (chosen != nullptr && !chosen->plan.empty()) Q_EMIT planWanted(chosen->plan, chosen->title);
    });
    const auto* copy_key = new QShortcut(QKeySequence::Copy, table, nullptr, nullptr, Qt::WidgetShortcut);
    connect(copy_key, &QShortcut::activated, this, &ComparePanel::copy);
    return table;
}

void ComparePanel::showView(View view) { tabs_->setCurrentIndex(static_cast<int>(view)); }

void ComparePanel::collect() {
    const bool before = std::exchange(following_, true);
    model_->setEntries(
        compareEntries({&study_.runs(), &study_.info(), &cost_.measurements(), study_.shape(), cost_.query()}));
    following_ = before;
    if (model_->differences().isBehind()) next_turn_.start();
    probe_->setMeasurements(cost_.measurements());
    probe_->setLacking(static_cast<int>(lacking().size()));
    followSelection();
    showFigures();
}

// Teacher, plans and hybrids that the shown probe has not measured, or not to its end.
std::vector<ProbeSubject> ComparePanel::lacking() const {
    std::vector<ProbeSubject> subjects;
    if (cost_.measurements().probe().empty()) return subjects;
    for (const CompareEntry& entry : model_->entries()) {
        if (entry.complete || entry.plan.empty()) continue;
        subjects.push_back({entry.plan, entry.isHybrid() ? entry.id.toStdString() : std::string()});
    }
    return subjects;
}

void ComparePanel::setLeftToMeasure(int plans) { probe_->setLeft(plans); }

const CompareEntry* ComparePanel::entry(const QString& id) const {
    const int row = model_->rowOf(id);
    return row < 0 ? nullptr : &model_->entries()[static_cast<std::size_t>(row)];
}

QStringList ComparePanel::selectedIds() const {
    QStringList ids;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows())
        ids << index.data(CompareModel::IdRole).toString();
    return ids;
}

void ComparePanel::showFigures() {
    const bool any = std::any_of(model_->entries().begin(), model_->entries().end(),
                                 [](const CompareEntry& entry) { return !entry.runs.empty(); });
    pages_->setCurrentIndex(any ? tabs_->currentIndex() : 3);
    measure_->setVisible(any && tabs_->currentIndex() == static_cast<int>(View::Pareto));
    showPareto();
    showParallel();
    showKept();
}

void ComparePanel::showPareto() {
    const bool from_eval = measure_->currentIndex() == 1;
    pareto_->setCostAxis(tr("KV cache, % of the teacher's"));
    pareto_->setAccuracyAxis(from_eval ? tr("recall, generated answers") : tr("recall on the probe"));
    std::vector<ParetoPoint> points = paretoPoints(model_->entries(), from_eval, selectedIds(), model_->differences());
    if (!from_eval && !cost_.measured() && cost_.predicted() && cost_.cost())
        points.push_back(predictedPoint(*cost_.cost(), *cost_.predicted()));
    pareto_->setPoints(points);
    if (model_->differences().isBehind()) next_turn_.start();
}

// Comparing hundreds of plans takes several turns of the event loop.
void ComparePanel::goOnComparing() {
    model_->markBest();
    const bool marks_wait = model_->differences().isBehind();
    showPareto();
    if (marks_wait) next_turn_.start();
}

void ComparePanel::showParallel() {
    const ParallelFigure figure = parallelFigure(model_->entries(), study_, selectedIds());
    QStringList axes;
    for (const ParallelAxis& axis : figure.axes) axes << axis.label;
    if (axes != parallel_axes_) {  // new axes take the brushes away
        parallel_->setAxes(figure.axes);
        order_->setKept(std::nullopt);
        parallel_axes_ = axes;
    }
    parallel_->setLines(figure.lines);
}

void ComparePanel::choose(const QString& id, bool add) {
    const QModelIndex index = order_->mapFromSource(model_->index(model_->rowOf(id), 0));
    if (!index.isValid()) return;
    const auto how = add ? QItemSelectionModel::Toggle : QItemSelectionModel::ClearAndSelect;
    table_->selectionModel()->select(index, how | QItemSelectionModel::Rows);
    table_->scrollTo(index);
}

void ComparePanel::brushed(const std::vector<QString>& ids) {
    const bool all = ids.size() >= model_->entries().size();
    order_->setKept(all ? std::nullopt : std::optional(std::set<QString>(ids.begin(), ids.end())));
    showKept();
    std::set<QString> runs;
    if (!all)
        for (const QString& id : ids)
            if (const CompareEntry* kept = entry(id)) runs.insert(kept->runs.begin(), kept->runs.end());
    const bool before = std::exchange(following_, true);
    selection_.setComparedRuns(runs);
    following_ = before;
}

void ComparePanel::showKept() {
    kept_button_->setVisible(order_->isFiltered());
    kept_button_->setText(tr("%1 of %2  ×").arg(order_->rowCount()).arg(model_->rowCount()));
}

void ComparePanel::followTable() {
    if (following_) return;
    std::set<QString> runs;
    for (const QString& id : selectedIds())
        if (const CompareEntry* chosen = entry(id)) runs.insert(chosen->runs.begin(), chosen->runs.end());
    following_ = true;
    selection_.setComparedRuns(runs);
    following_ = false;
    showPareto();
    showParallel();
}

// Runs chosen elsewhere select what they measured.
void ComparePanel::followSelection() {
    if (following_) return;
    QItemSelection rows;
    for (int row = 0; row < order_->rowCount(); ++row) {
        const CompareEntry* shown = entry(order_->index(row, 0).data(CompareModel::IdRole).toString());
        const bool chosen = std::any_of(shown->runs.begin(), shown->runs.end(),
                                        [this](const QString& run) { return selection_.comparedRuns().contains(run); });
        if (chosen) rows.select(order_->index(row, 0), order_->index(row, 0));
    }
    following_ = true;
    table_->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    following_ = false;
    showPareto();
    showParallel();
}

void ComparePanel::openMenu(const QPoint& at) {
    const CompareEntry* chosen = entry(table_->indexAt(at).data(CompareModel::IdRole).toString());
    if (chosen == nullptr) return;
    const QString id = chosen->id;
    const std::string plan = chosen->plan;
    const bool is_teacher = chosen->kind == CompareEntry::Kind::Teacher;
    QMenu menu(this);
    menu.addAction(tr("Use this plan\tEnter"), this,
                   [this, plan, title = chosen->title] { Q_EMIT planWanted(plan, title); })
        ->setEnabled(!plan.empty());
    menu.addAction(tr("Distill this plan…"), this, [this, plan] { Q_EMIT distillWanted(plan); })
        ->setEnabled(!plan.empty() && !is_teacher);
    menu.addAction(tr("Evaluate…"), this, [this, id] { Q_EMIT evaluateWanted(id); });
    menu.addAction(tr("Export…"), this, [this, id] { Q_EMIT exportWanted(id); })->setEnabled(!is_teacher);
    menu.addSeparator();
    menu.addAction(tr("Copy table as CSV\tCtrl+C"), this, &ComparePanel::copy);
    menu.exec(table_->viewport()->mapToGlobal(at));
}

void ComparePanel::copy() const { QGuiApplication::clipboard()->setText(model_->csv()); }

}  // namespace fm
