#include "widgets/panels/interdependence_panel.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <algorithm>

#include "core/plan/plan_spelling.h"
#include "widgets/panels/layer_marks.h"
#include "widgets/panels/pair_inspector.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/plots/curvature_map.h"
#include "widgets/plots/pair_map.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/run_data.h"
#include "widgets/state/selection.h"
#include "widgets/theme/theme.h"

namespace fm {

InterdependencePanel::InterdependencePanel(const PlanState& plan, Selection& selection, ThemeSource& theme,
                                           QWidget* parent)
    : QWidget(parent), plan_(plan), selection_(selection), theme_(theme) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 4, 6, 6);
    layout->setSpacing(4);
    layout->addLayout(buildHead());
    pages_ = new QStackedWidget(this);
    auto* page = new QWidget(pages_);
    page_layout_ = new QBoxLayout(QBoxLayout::TopToBottom, page);
    page_layout_->setContentsMargins(0, 0, 0, 0);
    maps_ = new QStackedWidget(page);
    pairs_ = new PairMap(theme_, maps_);
    curvature_ = new CurvatureMap(theme_, maps_);
    for (LayerMatrixMap* map : {static_cast<LayerMatrixMap*>(pairs_), static_cast<LayerMatrixMap*>(curvature_)}) {
        map->setTitleShown(false);
        maps_->addWidget(map);
        connect(map, &LayerMatrixMap::pairClicked, this, &InterdependencePanel::showPair);
    }
    inspector_ = new PairInspector(theme_, page);
    connect(inspector_, &PairInspector::detailsWanted, this, &InterdependencePanel::showDetails);
    page_layout_->addWidget(maps_, 3);
    page_layout_->addWidget(inspector_);
    pages_->addWidget(page);
    pages_->addWidget(buildEmptyPage());
    layout->addWidget(pages_, 1);
    read_timer_.setSingleShot(true);
    read_timer_.setInterval(100);
    connect(&read_timer_, &QTimer::timeout, this, &InterdependencePanel::readRun);
    connect(&plan_, &PlanState::planChanged, this, &InterdependencePanel::showMarks);
    connect(&selection_, &Selection::layersChanged, this, &InterdependencePanel::followSelection);
    setClustered(true);
    readRun();
}

QLayout* InterdependencePanel::buildHead() {
    auto* head = new QHBoxLayout;
    tabs_ = new QTabBar(this);
    tabs_->addTab(tr("pairs"));
    tabs_->addTab(tr("curvature"));
    tabs_->setTabToolTip(0, tr("What linearising two layers costs beyond the sum of each alone, all others full"));
    tabs_->setTabToolTip(1, tr("Second derivatives of the answer KL in the gates, at the plan of the interact run"));
    tabs_->setAccessibleName(tr("Pairs or curvature"));
    progress_ = faintLabel({}, this);
    order_button_ = flatButton(tr("order: cluster"),
                               tr("Similar layers side by side, or layers in order. Shortcut in the map: O"), this);
    order_button_->setCheckable(true);
    head->addWidget(tabs_);
    head->addWidget(progress_);
    head->addStretch(1);
    head->addWidget(order_button_);
    connect(tabs_, &QTabBar::currentChanged, this, [this](int tab) { maps_->setCurrentIndex(tab); });
    connect(order_button_, &QToolButton::toggled, this, &InterdependencePanel::setClustered);
    return head;
}

QWidget* InterdependencePanel::buildEmptyPage() {
    auto* page = new QWidget(pages_);
    auto* layout = new QVBoxLayout(page);
    QLabel* empty = emptyLabel(page);
    empty->setText(
        tr("No pairs are measured in this study. Interact linearises every two layers together and shows which "
           "make up for each other; the map fills while it runs."));
    auto* start = new QPushButton(tr("Measure pairs…"), page);
    start->setToolTip(tr("Opens the settings of the interact job"));
    layout->addStretch(1);
    layout->addWidget(empty);
    layout->addWidget(start, 0, Qt::AlignHCenter);
    layout->addStretch(1);
    connect(start, &QPushButton::clicked, this, &InterdependencePanel::interactWanted);
    return page;
}

void InterdependencePanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    arrange();
}

// A wide panel has room for the pair beside the square map, a high one below it. In a low one the map comes first, may
// be wider than high, and makes way for the details only when they are asked for.
void InterdependencePanel::arrange() {
    constexpr int least_height = 400;
    constexpr double widest_cells = 1.6;
    const bool wide = width() > 1.6 * height();
    low_ = !wide && height() < least_height;
    page_layout_->setDirection(wide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    page_layout_->setStretch(1, wide ? 2 : 0);
    inspector_->setForm(wide   ? PairInspector::Form::Column
                        : low_ ? PairInspector::Form::Sentence
                               : PairInspector::Form::Row);
    for (CellMap* map : {static_cast<CellMap*>(pairs_), static_cast<CellMap*>(curvature_)})
        map->setWidestCells(low_ ? widest_cells : 1);
    if (!low_) showDetails(false);
}

void InterdependencePanel::showDetails(bool details) {
    inspector_->setDetailed(details);
    maps_->setVisible(!details);
}

void InterdependencePanel::setRun(const RunData* run) {
    if (run_ != nullptr) run_->disconnect(this);
    run_ = run;
    if (run_ != nullptr) {
        connect(run_, &RunData::wasReset, this, &InterdependencePanel::readRun);
        connect(run_, &RunData::rowsAppended, this, [this] {
            if (!read_timer_.isActive()) read_timer_.start();
        });
        connect(run_, &QObject::destroyed, this, [this] {
            run_ = nullptr;
            readRun();
        });
    }
    readRun();
}

void InterdependencePanel::setGateRun(const RunData* run) {
    if (gate_run_ != nullptr && gate_run_ != run_) gate_run_->disconnect(this);
    gate_run_ = run;
    if (gate_run_ != nullptr) {
        connect(gate_run_, &RunData::wasReset, this, &InterdependencePanel::showProfiles);
        connect(gate_run_, &QObject::destroyed, this, [this] {
            gate_run_ = nullptr;
            showProfiles();
        });
    }
    showProfiles();
}

void InterdependencePanel::readRun() {
    values_ = run_ == nullptr ? PairValues{} : pairValues(*run_);
    pages_->setCurrentIndex(values_.num_layers > 0 ? 0 : 1);
    tabs_->setVisible(values_.num_layers > 0);
    order_button_->setVisible(values_.num_layers > 0);
    progress_->setVisible(values_.num_layers > 0);
    if (values_.num_layers == 0) return;
    pairs_->setMatrix(values_.num_layers, values_.extra);
    pairs_->setSingles(values_.single);
    curvature_->setMatrix(values_.num_layers, values_.curvature);
    const auto full = budgetOfKey(values_.curvature_plan);
    curvature_->setPlanText(values_.hasCurvature() ? tr("at the plan with K = %1").arg(full) : QString());
    tabs_->setTabEnabled(1, values_.hasCurvature());
    const int all = values_.num_layers * (values_.num_layers - 1) / 2;
    progress_->setText(values_.num_pairs < all ? tr("%1 of %2 pairs").arg(values_.num_pairs).arg(all)
                                               : tr("all %1 pairs").arg(all));
    showMarks();
    followSelection();
}

void InterdependencePanel::showMarks() {
    const LayerMarks marks = layerMarks(plan_, selection_);
    pairs_->setMarks(marks);
    curvature_->setMarks(marks);
}

void InterdependencePanel::showCurvature(bool curvature) { tabs_->setCurrentIndex(curvature ? 1 : 0); }

void InterdependencePanel::setClustered(bool clustered) {
    pairs_->setClustered(clustered);
    curvature_->setClustered(clustered);
    order_button_->setChecked(clustered);
    order_button_->setText(clustered ? tr("order: cluster") : tr("order: layer"));
}

void InterdependencePanel::showPair(int first, int second) {
    pair_ = {first, second};
    inspect(first, second);
    selection_.setLayers({first, second}, first);
    showMarks();
}

// Two layers selected anywhere are a pair here.
void InterdependencePanel::followSelection() {
    showMarks();
    const std::set<int>& layers = selection_.layers();
    const bool is_shown_pair = !layers.empty() && *layers.begin() == std::min(pair_.first, pair_.second) &&
                               *layers.rbegin() == std::max(pair_.first, pair_.second) && layers.size() <= 2;
    if (!is_shown_pair) {
        if (layers.size() != 1 && layers.size() != 2) {
            pair_ = {-1, -1};
            showDetails(false);
            return inspector_->showNone();
        }
        pair_ = {*layers.begin(), *layers.rbegin()};
    }
    inspect(pair_.first, pair_.second);
}

void InterdependencePanel::inspect(int first, int second) {
    inspector_->showPair(values_, first, second);
    if (!inspector_->hasDetails()) showDetails(false);
    showProfiles();
}

void InterdependencePanel::showProfiles() {
    const auto gatesOf = [this](int layer) {
        std::vector<float> gates;
        if (gate_run_ == nullptr || layer < 0) return gates;
        const Column* column = gate_run_->column("gates/alpha");
        if (column == nullptr || layer >= column->width) return gates;
        const std::span<const float> alpha = gate_run_->vectors("gates/alpha");
        const std::size_t width = static_cast<std::size_t>(column->width);
        for (std::size_t row = 0; (row + 1) * width <= alpha.size(); ++row)
            gates.push_back(alpha[row * width + static_cast<std::size_t>(layer)]);
        return gates;
    };
    const auto isFull = [this](int layer) {
        return layer >= 0 && layer < plan_.numLayers() && plan_.kind(layer) == LayerKind::Full;
    };
    inspector_->profile().setGates(gatesOf(pair_.first), gatesOf(pair_.second), isFull(pair_.first),
                                   isFull(pair_.second));
}

}  // namespace fm
