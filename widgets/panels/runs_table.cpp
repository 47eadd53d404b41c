#include "widgets/panels/runs_table.h"

#include <QHeaderView>
#include <QScrollBar>
#include <algorithm>

#include "widgets/models/runs_model.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

namespace {

QColor stateColour(const QString& state, const Theme& theme) {
    if (state == QStringLiteral("live")) return theme.accent;
    if (state == QStringLiteral("failed") || state == QStringLiteral("unreadable")) return theme.error;
    if (state == QStringLiteral("interrupted") || state == QStringLiteral("paused")) return theme.warning;
    return theme.text_faint;
}

void runCellLook(const QModelIndex& index, const Theme& theme, QStyleOptionViewItem& option) {
    const bool broken = !index.data(RunsModel::ProblemRole).toString().isEmpty();
    if (index.column() == RunsModel::StateColumn)
        option.palette.setColor(QPalette::Text, stateColour(index.data(RunsModel::StateRole).toString(), theme));
    if (index.column() >= RunsModel::TagsColumn || index.data(RunsModel::ArchivedRole).toBool())
        option.palette.setColor(QPalette::Text, theme.text_faint);
    if (broken && index.column() == RunsModel::AboutColumn) option.palette.setColor(QPalette::Text, theme.error);
    option.palette.setColor(QPalette::HighlightedText, option.palette.color(QPalette::Text));
}

constexpr int shown_first[] = {RunsModel::RunColumn, RunsModel::AboutColumn, RunsModel::RecallColumn,
                               RunsModel::StateColumn};
constexpr int run_least = 106, about_width = 62, about_usual = 110, state_least = 52, state_most = 96;

}  // namespace

RunsTable::RunsTable(ThemeSource& theme, QAbstractItemModel& model, QWidget* parent) : QTableView(parent) {
    setTableLook(*this, tr("Runs of the study"));
    setModel(&model);
    setSortingEnabled(true);
    sortByColumn(RunsModel::RunColumn, Qt::DescendingOrder);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setContextMenuPolicy(Qt::CustomContextMenu);
    setItemDelegate(new ThemedDelegate(theme, runCellLook, this));
    for (int column = 0; column < RunsModel::num_fixed_columns; ++column)
        setColumnHidden(column,
                        std::find(std::begin(shown_first), std::end(shown_first), column) == std::end(shown_first));
    setColumnWidth(RunsModel::RunColumn, run_least);
    setColumnWidth(RunsModel::AboutColumn, about_width);
    setColumnWidth(RunsModel::RecallColumn, 58);
    setColumnWidth(RunsModel::KlColumn, 84);
    setColumnWidth(RunsModel::StateColumn, state_most);
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this](int column) {
        // Only a drag on the head is the user's doing; hiding and fitting resize too.
        if (column == RunsModel::AboutColumn && !fitting_ && horizontalHeader()->underMouse()) set_by_hand_ = true;
    });
    // Once, however many rows come.
    fit_timer_.setSingleShot(true);
    connect(&fit_timer_, &QTimer::timeout, this, [this] {
        measureState();
        fitColumns();
    });
    const auto fit_soon = [this] { fit_timer_.start(0); };
    connect(&model, &QAbstractItemModel::modelReset, this, fit_soon);
    connect(&model, &QAbstractItemModel::rowsInserted, this, fit_soon);
    connect(&model, &QAbstractItemModel::dataChanged, this, fit_soon);
    connect(&theme, &ThemeSource::changed, viewport(), qOverload<>(&QWidget::update));
    // Wheel, bar and its keys; the view's own scrolling triggers no action.
    connect(verticalScrollBar(), &QAbstractSlider::actionTriggered, this, [this] { kept_ = QModelIndex(); });
}

void RunsTable::showRow(const QModelIndex& index) {
    kept_ = index;
    scrollToKept();
}

void RunsTable::scrollToKept() {
    if (kept_.isValid() && isVisible()) scrollTo(kept_);
}

void RunsTable::showEvent(QShowEvent* event) {
    QTableView::showEvent(event);
    scrollToKept();
}

void RunsTable::showColumn(int column, bool show) {
    setColumnHidden(column, !show);
    fitColumns();
}

// What the shown runs need: "done" needs half of what "interrupted" does. Not at each resize: it asks every row.
void RunsTable::measureState() {
    state_width_ = std::clamp(sizeHintForColumn(RunsModel::StateColumn), state_least, state_most);
}

int RunsTable::longestRunWidth() const {
    constexpr int padding = 18;
    return fontMetrics().horizontalAdvance(QStringLiteral("26 Nov interact")) + padding;
}

void RunsTable::fitColumns() {
    if (set_by_hand_ || fitting_) return;
    const QHeaderView& head = *horizontalHeader();
    int others = 0;
    for (int column = 0; column < head.count(); ++column) {
        if (head.isSectionHidden(column) || column == RunsModel::AboutColumn) continue;
        // The last column stretches: its present width says nothing about what it needs.
        others += column == RunsModel::StateColumn ? state_width_ : head.sectionSize(column);
    }
    fitting_ = true;
    // Room for the longest name of a job, where what the runs worked on has enough; a width of the user's is left
    // alone.
    const int run = columnWidth(RunsModel::RunColumn), run_most = std::max(run_least, longestRunWidth());
    if (run == run_least || run == run_most) {
        const bool roomy = viewport()->width() - (others - run + run_most) >= about_usual;
        setColumnWidth(RunsModel::RunColumn, roomy ? run_most : run_least);
        others += columnWidth(RunsModel::RunColumn) - run;
    }
    setColumnWidth(RunsModel::StateColumn, state_width_);
    setColumnWidth(RunsModel::AboutColumn, std::max(about_width, viewport()->width() - others));
    fitting_ = false;
}

void RunsTable::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitColumns();
    scrollToKept();
}

}  // namespace fm
