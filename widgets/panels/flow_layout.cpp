#include "widgets/panels/flow_layout.h"

#include <algorithm>

namespace fm {
namespace {

bool mayGrow(const QLayoutItem& item) { return item.expandingDirections() & Qt::Horizontal; }

// A field that may grow asks for its least width only.
int wantedWidth(const QLayoutItem& item) {
    return mayGrow(item) ? item.minimumSize().width() : item.sizeHint().width();
}

bool isThere(QLayoutItem& item) { return item.spacerItem() != nullptr || !item.isEmpty(); }

int rowHeight(const QList<QLayoutItem*>& row) {
    int height = 0;
    for (const QLayoutItem* item : row) height = std::max(height, item->sizeHint().height());
    return height;
}

int rowWidth(const QList<QLayoutItem*>& row, int spacing) {
    int width = 0;
    for (const QLayoutItem* item : row) width += wantedWidth(*item) + spacing;
    return std::max(0, width - spacing);
}

}  // namespace

FlowLayout::FlowLayout(int spacing) {
    setContentsMargins(0, 0, 0, 0);
    setSpacing(spacing);
}

FlowLayout::~FlowLayout() { qDeleteAll(items_); }

void FlowLayout::addStretch() { addItem(new QSpacerItem(0, 0, QSizePolicy::Expanding, QSizePolicy::Minimum)); }

QLayoutItem* FlowLayout::takeAt(int index) {
    return index >= 0 && index < items_.size() ? items_.takeAt(index) : nullptr;
}

QList<FlowLayout::Row> FlowLayout::rowsFor(int width) const {
    QList<Row> rows{Row()};
    for (QLayoutItem* item : items_) {
        if (!isThere(*item)) continue;
        Row with = rows.last();
        with << item;
        const bool fits = rows.last().isEmpty() || item->spacerItem() || rowWidth(with, spacing()) <= width;
        if (fits) {
            rows.last() = with;
        } else {
            rows << Row{item};
        }
    }
    return rows;
}

int FlowLayout::heightForWidth(int width) const {
    int height = 0;
    for (const Row& row : rowsFor(width)) height += rowHeight(row) + spacing();
    return std::max(0, height - spacing());
}

QSize FlowLayout::sizeHint() const {
    Row all;
    for (QLayoutItem* item : items_)
        if (isThere(*item)) all << item;
    return {rowWidth(all, spacing()), rowHeight(all)};
}

QSize FlowLayout::minimumSize() const {
    QSize least;
    for (QLayoutItem* item : items_)
        if (isThere(*item)) least = least.expandedTo({wantedWidth(*item), item->sizeHint().height()});
    return least;
}

void FlowLayout::setGeometry(const QRect& rect) {
    QLayout::setGeometry(rect);
    int top = rect.top();
    for (const Row& row : rowsFor(rect.width())) {
        const int height = rowHeight(row);
        place(row, QRect(rect.left(), top, rect.width(), height));
        top += height + spacing();
    }
}

void FlowLayout::place(const Row& row, const QRect& rect) const {
    const auto growing = std::count_if(row.begin(), row.end(), [](const QLayoutItem* item) { return mayGrow(*item); });
    const int rest = std::max(0, rect.width() - rowWidth(row, spacing()));
    int x = rect.left();
    for (QLayoutItem* item : row) {
        int width = wantedWidth(*item);
        if (mayGrow(*item)) width += rest / static_cast<int>(growing);
        const int height = std::min(rect.height(), item->sizeHint().height());
        item->setGeometry(QRect(x, rect.top() + (rect.height() - height) / 2, std::min(width, rect.width()), height));
        x += width + spacing();
    }
}

}  // namespace fm
