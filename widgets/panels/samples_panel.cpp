#include "widgets/panels/samples_panel.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>

#include "widgets/models/number_text.h"
#include "widgets/panels/column_fit.h"
#include "widgets/panels/flow_layout.h"
#include "widgets/panels/hinted_edit.h"
#include "widgets/panels/layer_marks.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/state/run_data.h"
#include "widgets/state/selection.h"
#include "widgets/theme/theme.h"

namespace fm {

static void sampleCellLook(const QModelIndex& index, const Theme& theme, QStyleOptionViewItem& option) {
    const double recall = index.data(SamplesModel::RecallRole).toDouble();
    QColor colour = index.column() == SamplesModel::GivenColumn || index.column() == SamplesModel::ExpectedColumn
                        ? theme.text
                        : theme.text_faint;
    if (index.column() == SamplesModel::RecallColumn) colour = recall >= 1 ? theme.accent : theme.error;
    option.palette.setColor(QPalette::Text, colour);
    option.palette.setColor(QPalette::HighlightedText, colour);
}

SamplesPanel::SamplesPanel(Selection& selection, ThemeSource& theme, QWidget* parent)
    : QWidget(parent), selection_(selection), theme_(theme) {
    model_ = new SamplesModel(this);
    filter_ = new SamplesFilter(this);
    filter_->setSourceModel(model_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->setSpacing(6);
    layout->addLayout(buildHead());
    pages_ = new QStackedWidget(this);
    splitter_ = new QSplitter(Qt::Horizontal, pages_);
    table_ = new QTableView(splitter_);
    setTableLook(*table_, tr("Samples of the run"));
    table_->setModel(filter_);
    table_->setSortingEnabled(true);
    table_->sortByColumn(SamplesModel::NumberColumn, Qt::AscendingOrder);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setItemDelegate(new ThemedDelegate(theme_, sampleCellLook, table_));
    new ColumnFit(*table_, {{SamplesModel::NumberColumn, "1999"},
                            {SamplesModel::RecallColumn, "0.50"},
                            {SamplesModel::ExpectedColumn, "amber 12", 1},
                            {SamplesModel::GivenColumn, "amber 12", 1},
                            {SamplesModel::TaskColumn, "mk8q4"},
                            {SamplesModel::TokensColumn, "128K"},
                            {SamplesModel::DepthColumn, "0.50"}});
    inspector_ = new SampleInspector(theme_, splitter_);
    splitter_->addWidget(table_);
    splitter_->addWidget(inspector_);
    splitter_->setChildrenCollapsible(false);
    connect(splitter_, &QSplitter::splitterMoved, this, [this] { share_by_hand_ = true; });
    splitter_->installEventFilter(this);
    pages_->addWidget(splitter_);
    pages_->addWidget(buildEmptyPage());
    layout->addWidget(pages_, 1);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &SamplesPanel::followTable);
    connect(model_, &QAbstractItemModel::rowsInserted, this, &SamplesPanel::showCounts);
    connect(model_, &QAbstractItemModel::modelReset, this, &SamplesPanel::showCounts);
    connect(&selection_, &Selection::sampleChanged, this, &SamplesPanel::followSelection);
    connect(&selection_, &Selection::layersChanged, this,
            [this] { inspector_->gates().setSelected(selection_.layers()); });
    connect(&inspector_->gates(), &GateContext::layerClicked, this,
            [this](int layer, Qt::KeyboardModifiers keys) { chooseLayer(selection_, layer, keys); });
    showCounts();
}

// Side by side only where the list keeps all of its columns and the prompt lines of a readable length.
void SamplesPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    constexpr int least_width = 830, low_height = 390;
    const bool stacked = width() < least_width;
    splitter_->setOrientation(stacked ? Qt::Vertical : Qt::Horizontal);
    inspector_->setLow(stacked && height() < low_height);
}

bool SamplesPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == splitter_ && event->type() == QEvent::Resize)
        QMetaObject::invokeMethod(this, &SamplesPanel::shareRoom, Qt::QueuedConnection);  // once it has its new size
    return QWidget::eventFilter(watched, event);
}

// One above the other, the list has what a sample does not need.
void SamplesPanel::shareRoom() {
    if (share_by_hand_) return;
    const bool stacked = splitter_->orientation() == Qt::Vertical;
    if (!stacked) return splitter_->setSizes({1100, 800});
    splitter_->setSizes(inspector_->isEmpty() ? QList<int>{10000, 1} : QList<int>{1000, 2400});
}

QLayout* SamplesPanel::buildHead() {
    auto* head = new FlowLayout(6);
    words_ = new HintedEdit({tr("find in task and answers"), tr("find")}, this);
    words_->setAccessibleName(tr("Find samples"));
    words_->setToolTip(tr("Shows samples whose task, expected or given answer contains every word"));
    words_->setClearButtonEnabled(true);
    wrong_only_ = new QCheckBox(tr("wrong only"), this);
    wrong_only_->setToolTip(tr("Hides samples whose answer has every expected value"));
    cell_button_ = flatButton(tr("its cell"),
                              tr("Shows only samples of the same task, length and depth as the selected "
                                 "one: a cell of the retrieval map. Again: all"),
                              this);
    counts_ = faintLabel({}, this);
    head->addWidget(words_);
    head->addWidget(wrong_only_);
    head->addWidget(cell_button_);
    head->addWidget(counts_);
    connect(words_, &QLineEdit::textChanged, this, [this](const QString& text) {
        filter_->setWords(text);
        showCounts();
    });
    connect(wrong_only_, &QCheckBox::toggled, this, [this](bool wrong) {
        filter_->setWrongOnly(wrong);
        showCounts();
    });
    connect(cell_button_, &QToolButton::clicked, this, [this] {
        const SampleRow sample = model_->sample(one_cell_ ? -1 : shown_index_);
        showCell(sample.task, sample.tokens, sample.depth);
    });
    return head;
}

QWidget* SamplesPanel::buildEmptyPage() {
    auto* page = new QWidget(pages_);
    auto* layout = new QVBoxLayout(page);
    empty_ = emptyLabel(page);
    evaluate_ = new QPushButton(tr("Evaluate…"), page);
    evaluate_->setToolTip(tr("Generates answers to retrieval prompts and stores every sample"));
    layout->addStretch(1);
    layout->addWidget(empty_);
    layout->addWidget(evaluate_, 0, Qt::AlignHCenter);
    layout->addStretch(1);
    connect(evaluate_, &QPushButton::clicked, this, &SamplesPanel::evaluateWanted);
    return page;
}

void SamplesPanel::setRun(const RunData* run) {
    if (run_ != nullptr) run_->disconnect(this);
    run_ = run;
    clearInspector();
    showCell({}, 0, 0);
    model_->setRun(run);
    if (run_ == nullptr) return;
    connect(run_, &RunData::wasReset, this, &SamplesPanel::clearInspector);
    connect(run_, &QObject::destroyed, this, [this] { run_ = nullptr; });
}

void SamplesPanel::clearInspector() {
    shown_index_ = -1;
    inspector_->clear();
    shareRoom();
}

void SamplesPanel::showCounts() {
    const int all = model_->rowCount();
    const int shown = filter_->rowCount();
    counts_->setText(all == 0       ? QString()
                     : shown == all ? tr("%1 samples").arg(all)
                                    : tr("%1 of %2").arg(shown).arg(all));
    cell_button_->setVisible(all > 0);
    if (all > 0) {
        pages_->setCurrentIndex(0);
        return;
    }
    empty_->setText(model_->runHasSamples()
                        ? tr("No sample is finished yet: each appears here as soon as it is answered.")
                        : tr("No samples here. A sample is one question and its answers: choose an eval run in Runs, "
                             "or evaluate the plan."));
    evaluate_->setVisible(!model_->runHasSamples());
    pages_->setCurrentIndex(1);
}

void SamplesPanel::showCell(const QString& task, std::int64_t tokens, double depth) {
    filter_->setCell(task, tokens, depth);
    one_cell_ = !task.isEmpty();
    cell_button_->setText(one_cell_ ? tr("%1, %2 tokens, depth %3  ×").arg(task, tokensText(tokens), shareText(depth))
                                    : tr("its cell"));
    showCounts();
}

void SamplesPanel::followTable() {
    const QModelIndex index = filter_->mapToSource(table_->currentIndex());
    if (!index.isValid() || run_ == nullptr || index.row() == shown_index_) return;
    shown_index_ = index.row();
    const bool was_empty = inspector_->isEmpty();
    inspector_->showSample(shown_index_, model_->sample(shown_index_));
    if (was_empty) {
        shareRoom();
        table_->scrollTo(table_->currentIndex());
    }
    inspector_->gates().setSelected(selection_.layers());
    selection_.setSample({run_->runId(), shown_index_});
    Q_EMIT sampleWanted(run_->runId(), shown_index_);
}

void SamplesPanel::followSelection() {
    const SampleRef& sample = selection_.sample();
    if (run_ == nullptr || sample.run != run_->runId() || sample.index == shown_index_) return;
    const QModelIndex index = filter_->mapFromSource(model_->index(sample.index, 0));
    if (index.isValid()) table_->setCurrentIndex(index);
}

bool SamplesPanel::isShown(const QString& run_id, int index) const {
    return run_ != nullptr && run_->runId() == run_id && shown_index_ == index;
}

void SamplesPanel::setPlan(const std::string& plan_key) {
    std::vector<bool> full;
    for (const char kind : plan_key) full.push_back(kind == 'F');
    inspector_->gates().setFullLayers(std::move(full));
}

void SamplesPanel::setDetail(const QString& run_id, int index, const SampleDetail& detail) {
    if (isShown(run_id, index)) inspector_->showDetail(detail);
}

void SamplesPanel::setDetailProblem(const QString& run_id, int index, const QString& sentence) {
    if (isShown(run_id, index)) inspector_->showNote(sentence);
}

}  // namespace fm
