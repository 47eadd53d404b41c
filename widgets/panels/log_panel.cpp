#include "widgets/panels/log_panel.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>

#include "widgets/models/log_model.h"
#include "widgets/models/problems_model.h"
#include "widgets/panels/column_fit.h"
#include "widgets/panels/flow_layout.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/state/run_data.h"
#include "widgets/theme/theme.h"

namespace fm {

static void lineLook(const QModelIndex& index, const Theme& theme, QStyleOptionViewItem& option) {
    const auto severity = static_cast<Severity>(index.data(LogModel::SeverityRole).toInt());
    const bool is_text = index.column() == index.model()->columnCount() - 1;
    QColor colour = is_text ? theme.text : theme.text_faint;
    const bool tells = index.column() == LogModel::SeverityColumn || index.column() == LogModel::TimeColumn;
    if (tells && severity == Severity::Warning) colour = theme.warning;
    if (tells && severity == Severity::Error) colour = theme.error;
    option.palette.setColor(QPalette::Text, colour);
    option.palette.setColor(QPalette::HighlightedText, colour);
}

LogPanel::LogPanel(ProblemsModel& problems, ThemeSource& theme, QWidget* parent)
    : QWidget(parent), problems_(problems), theme_(theme) {
    log_ = new LogModel(this);
    problems_filter_ = new SeverityFilter(this);
    problems_filter_->setSourceModel(&problems_);
    log_filter_ = new SeverityFilter(this);
    log_filter_->setSourceModel(log_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 4, 6, 6);
    layout->setSpacing(4);
    layout->addLayout(buildHead());
    pages_ = new QStackedWidget(this);
    problems_table_ = addTable(problems_filter_, tr("Problems"));
    log_table_ = addTable(log_filter_, tr("Log of the shown run"));
    empty_ = emptyLabel(pages_);
    pages_->addWidget(empty_);
    layout->addWidget(pages_, 1);
    problems_table_->setColumnWidth(ProblemsModel::SeverityColumn, 74);
    problems_table_->setColumnWidth(ProblemsModel::TimeColumn, 78);
    problems_table_->setColumnWidth(ProblemsModel::OriginColumn, 110);
    wrapLines(*problems_table_);
    new ColumnFit(*log_table_, {{LogModel::TextColumn, tr("continues from step 12000"), 1},
                                {LogModel::TimeColumn, "00:00:00"},
                                {LogModel::SeverityColumn, tr("warning")},
                                {LogModel::ModuleColumn, "interact"}});
    for (const QAbstractItemModel* model :
         {static_cast<QAbstractItemModel*>(problems_filter_), static_cast<QAbstractItemModel*>(log_filter_)}) {
        connect(model, &QAbstractItemModel::rowsInserted, this, &LogPanel::showState);
        connect(model, &QAbstractItemModel::rowsRemoved, this, &LogPanel::showState);
        connect(model, &QAbstractItemModel::modelReset, this, &LogPanel::showState);
    }
    connect(log_filter_, &QAbstractItemModel::rowsInserted, this, &LogPanel::followEnd);
    connect(log_table_->verticalScrollBar(), &QScrollBar::valueChanged, this,
            [this](int value) { at_end_ = value >= log_table_->verticalScrollBar()->maximum(); });
    connect(problems_table_, &QTableView::activated, this, [this](const QModelIndex& index) {
        Q_EMIT runActivated(index.data(ProblemsModel::OriginRole).toString());
    });
    showState();
}

QLayout* LogPanel::buildHead() {
    auto* head = new FlowLayout;
    tabs_ = new QTabBar(this);
    tabs_->addTab(tr("Problems"));
    tabs_->addTab(tr("Log"));
    tabs_->setTabToolTip(0, tr("What went wrong and what to do about it"));
    tabs_->setTabToolTip(1, tr("What the shown run has said, line by line"));
    tabs_->setAccessibleName(tr("Problems or log"));
    severity_ = new QComboBox(this);
    severity_->addItems({tr("all"), tr("warnings and errors"), tr("errors")});
    severity_->setToolTip(tr("The least severity that is shown"));
    severity_->setAccessibleName(tr("Least severity"));
    QToolButton* copy_button =
        flatButton(tr("copy"), tr("Copies the selected lines, or all that are shown (Ctrl+C)"), this);
    QToolButton* clear = flatButton(tr("clear"), tr("Empties the list of problems; run files keep theirs"), this);
    head->addWidget(tabs_);
    head->addStretch();
    head->addWidget(severity_);
    head->addWidget(copy_button);
    head->addWidget(clear);
    connect(tabs_, &QTabBar::currentChanged, this, [this, clear](int tab) {
        clear->setVisible(tab == 0);
        showState();
        followEnd();
    });
    connect(severity_, &QComboBox::currentIndexChanged, this, [this](int least) {
        problems_filter_->setLeast(static_cast<Severity>(least));
        log_filter_->setLeast(static_cast<Severity>(least));
        showState();
    });
    connect(copy_button, &QToolButton::clicked, this, &LogPanel::copy);
    connect(clear, &QToolButton::clicked, &problems_, &ProblemsModel::clear);
    return head;
}

QTableView* LogPanel::addTable(SeverityFilter* filter, const QString& name) {
    auto* table = new QTableView(pages_);
    setTableLook(*table, name);
    table->setModel(filter);
    table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table->setItemDelegate(new ThemedDelegate(theme_, lineLook, table));
    const auto* copy_key = new QShortcut(QKeySequence::Copy, table, nullptr, nullptr, Qt::WidgetShortcut);
    connect(copy_key, &QShortcut::activated, this, &LogPanel::copy);
    connect(&theme_, &ThemeSource::changed, table->viewport(), qOverload<>(&QWidget::update));
    pages_->addWidget(table);
    return table;
}

void LogPanel::setRun(const RunData* run) {
    at_end_ = true;
    log_->setRun(run);
    followEnd();
}

QTableView* LogPanel::shownTable() const { return tabs_->currentIndex() == 0 ? problems_table_ : log_table_; }

void LogPanel::showState() {
    const int problems = problems_.rowCount();
    tabs_->setTabText(0, problems == 0 ? tr("Problems") : tr("Problems %1").arg(problems));
    const bool has_lines = shownTable()->model()->rowCount() > 0;
    if (tabs_->currentIndex() == 0) {
        empty_->setText(problems == 0 ? tr("No problems.") : tr("No problem of this severity."));
    } else {
        empty_->setText(log_->rowCount() == 0 ? tr("The shown run has said nothing yet.")
                                              : tr("No line of this severity."));
    }
    pages_->setCurrentWidget(has_lines ? static_cast<QWidget*>(shownTable()) : empty_);
}

void LogPanel::followEnd() {
    if (at_end_) log_table_->scrollToBottom();
}

void LogPanel::showProblems() { tabs_->setCurrentIndex(0); }
void LogPanel::showLog() { tabs_->setCurrentIndex(1); }

void LogPanel::copy() {
    const QAbstractItemModel& model = *shownTable()->model();
    QModelIndexList rows = shownTable()->selectionModel()->selectedRows();
    if (rows.isEmpty())
        for (int row = 0; row < model.rowCount(); ++row) rows << model.index(row, 0);
    std::sort(rows.begin(), rows.end());
    QStringList lines;
    for (const QModelIndex& index : rows) {
        QStringList cells;
        for (int column = 0; column < model.columnCount(); ++column)
            cells << index.siblingAtColumn(column).data().toString();
        lines << cells.join(QChar('\t'));
    }
    QGuiApplication::clipboard()->setText(lines.join(QChar('\n')) + QChar('\n'));
}

}  // namespace fm
