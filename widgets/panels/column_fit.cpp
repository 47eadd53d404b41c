#include "widgets/panels/column_fit.h"

#include <QEvent>
#include <QHeaderView>
#include <QMenu>
#include <QTableView>
#include <algorithm>
#include <utility>

namespace fm {

namespace {

constexpr int kCellPadding = 18, kHeadPadding = 14, kSortArrow = 12;  // pixels, as the style sheet gives them

}  // namespace

ColumnFit::ColumnFit(QTableView& table, std::vector<Column> columns)
    : QObject(&table), table_(table), columns_(std::move(columns)) {
    QHeaderView& head = *table_.horizontalHeader();
    head.setStretchLastSection(false);
    head.setContextMenuPolicy(Qt::CustomContextMenu);
    connect(&head, &QWidget::customContextMenuRequested, this, &ColumnFit::openMenu);
    connect(&head, &QHeaderView::sortIndicatorChanged, this, &ColumnFit::fit);
    connect(&head, &QHeaderView::sectionResized, this, [this, &head] {
        if (!fitting_ && head.underMouse()) set_by_hand_ = true;
    });
    table_.viewport()->installEventFilter(this);
    fit();
}

bool ColumnFit::eventFilter(QObject* watched, QEvent* event) {
    const QEvent::Type type = event->type();
    if (type == QEvent::Resize || type == QEvent::FontChange || type == QEvent::Show) fit();
    return QObject::eventFilter(watched, event);
}

int ColumnFit::widthOf(const Column& column) const {
    const QHeaderView& head = *table_.horizontalHeader();
    QFont bold = table_.font();
    bold.setWeight(QFont::DemiBold);  // as the best figure is written
    const QString title = table_.model()->headerData(column.column, Qt::Horizontal).toString();
    const int cell = QFontMetrics(bold).horizontalAdvance(column.widest) + kCellPadding;
    return std::max(cell, head.fontMetrics().horizontalAdvance(title) + kHeadPadding + kSortArrow);
}

void ColumnFit::fit() {
    if (fitting_ || set_by_hand_) return;
    const int sorted = table_.isSortingEnabled() ? table_.horizontalHeader()->sortIndicatorSection() : -1;
    const auto keeps = [&](const Column& column) {  // whatever the room
        const auto chosen = chosen_.find(column.column);
        if (chosen != chosen_.end()) return chosen->second;
        return &column == &columns_.front() || column.column == sorted;
    };
    int left = table_.viewport()->width(), shares = 0;
    std::map<int, int> widths;  // of the columns that are shown
    for (const bool kept : {true, false}) {
        for (const Column& column : columns_) {
            const int width = widthOf(column);
            if (keeps(column) != kept || (!kept && (width > left || chosen_.contains(column.column)))) continue;
            widths[column.column] = width;
            left -= width;
            shares += column.share;
        }
    }
    fitting_ = true;
    for (const Column& column : columns_) {
        const auto width = widths.find(column.column);
        table_.setColumnHidden(column.column, width == widths.end());
        if (width == widths.end()) continue;
        const int more = shares > 0 && left > 0 ? left * column.share / shares : 0;
        table_.setColumnWidth(column.column, width->second + more);
    }
    fitting_ = false;
}

void ColumnFit::openMenu(const QPoint& at) {
    QMenu menu(&table_);
    for (int column = 0; column < table_.model()->columnCount(); ++column) {
        QAction* action = menu.addAction(table_.model()->headerData(column, Qt::Horizontal).toString());
        action->setCheckable(true);
        action->setChecked(!table_.isColumnHidden(column));
        action->setEnabled(column != columns_.front().column);
        connect(action, &QAction::toggled, this, [this, column](bool show) {
            chosen_[column] = show;
            set_by_hand_ = false;
            fit();
        });
    }
    menu.exec(table_.horizontalHeader()->mapToGlobal(at));
}

}  // namespace fm
