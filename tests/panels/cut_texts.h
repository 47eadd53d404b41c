// What does not fit: looked for in the widgets themselves, whatever panel they stand in.
#pragma once

#include <QAbstractButton>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QStringList>
#include <QTabBar>
#include <QToolButton>

#include "widgets/panels/elided_label.h"

namespace fixture {

inline QString ofPixels(const QString& text, int has, int needs) {
    return QStringLiteral("%1 (%2 of %3 px)").arg(text).arg(has).arg(needs);
}

// Tabs that are cut, or that only a scroll button shows.
inline QStringList cutTabs(const QTabBar& tabs) {
    QStringList cut;
    for (int i = 0; i < tabs.count(); ++i) {
        const int needed = tabs.fontMetrics().horizontalAdvance(tabs.tabText(i)) + 8;
        if (tabs.tabRect(i).width() < needed)
            cut << ofPixels("tab " + tabs.tabText(i), tabs.tabRect(i).width(), needed);
        if (tabs.tabRect(i).right() > tabs.width())
            cut << QStringLiteral("tab %1 (scrolled away)").arg(tabs.tabText(i));
    }
    return cut;
}

inline QStringList cutHeads(const QHeaderView& head) {
    QStringList cut;
    for (int i = 0; i < head.count() && head.orientation() == Qt::Horizontal; ++i) {
        const QString text = head.model()->headerData(i, Qt::Horizontal).toString();
        const int needed = head.fontMetrics().horizontalAdvance(text) + 8;
        if (!head.isSectionHidden(i) && head.sectionSize(i) < needed)
            cut << ofPixels("column " + text, head.sectionSize(i), needed);
    }
    return cut;
}

// Text that needs more room than it has. Cells of tables elide on purpose; wrapped labels grow downwards.
inline QStringList cutTexts(const QWidget& panel) {
    QStringList cut;
    for (const QWidget* widget : panel.findChildren<QWidget*>()) {
        if (!widget->isVisible() || widget->width() == 0) continue;
        QString text;
        int needed = 0;
        if (const auto* elided = qobject_cast<const fm::ElidedLabel*>(widget)) {
            if (elided->isCut()) cut << ofPixels(elided->fullText(), elided->width(), elided->sizeHint().width());
        } else if (const auto* label = qobject_cast<const QLabel*>(widget); label && !label->text().isEmpty()) {
            text = QString(label->text()).remove('&');
            needed = label->wordWrap() ? 0 : label->fontMetrics().horizontalAdvance(text);
            if (label->wordWrap() && label->heightForWidth(label->width()) > label->height() + 1)
                cut << QStringLiteral("%1 (height)").arg(text);
        } else if (const auto* button = qobject_cast<const QAbstractButton*>(widget); button) {
            text = button->text();
            needed = button->minimumSizeHint().width();
        } else if (const auto* box = qobject_cast<const QComboBox*>(widget); box) {
            text = box->currentText();
            needed = box->fontMetrics().horizontalAdvance(text) + 24;
        } else if (const auto* edit = qobject_cast<const QLineEdit*>(widget); edit && edit->text().isEmpty()) {
            text = edit->placeholderText();
            needed = edit->fontMetrics().horizontalAdvance(text) + 18;
        } else if (const auto* tabs = qobject_cast<const QTabBar*>(widget)) {
            cut << cutTabs(*tabs);
        } else if (const auto* head = qobject_cast<const QHeaderView*>(widget)) {
            cut << cutHeads(*head);
        }
        if (needed > widget->width() && !text.isEmpty()) cut << ofPixels(text, widget->width(), needed);
    }
    return cut;
}

// What can be reached only by scrolling to the right.
inline QStringList scrollsSideways(const QWidget& panel) {
    QStringList found;
    for (const QAbstractScrollArea* area : panel.findChildren<QAbstractScrollArea*>()) {
        const int hidden = area->horizontalScrollBar()->maximum();
        if (area->isVisible() && hidden > 0)
            found << QStringLiteral("%1 scrolls sideways by %2 px").arg(area->accessibleName()).arg(hidden);
    }
    return found;
}

// Controls that lie on each other or stick out of what holds them.
inline QStringList collisions(const QWidget& panel) {
    QStringList found;
    QList<const QWidget*> seen;
    for (const QWidget* widget : panel.findChildren<QWidget*>()) {
        const bool control = qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
                             qobject_cast<const QComboBox*>(widget) || qobject_cast<const QLabel*>(widget);
        const QWidget* parent = widget->parentWidget();
        if (!control || !widget->isVisible() || widget->size().isEmpty() || widget->objectName().startsWith("qt_"))
            continue;
        if (qobject_cast<const QLineEdit*>(parent) || parent->inherits("QTabBar") || parent->inherits("QTableView") ||
            parent->inherits("QDockWidget")) {
            continue;
        }
        const QString name = widget->accessibleName().isEmpty() ? widget->objectName() : widget->accessibleName();
        if (!parent->rect().contains(widget->geometry())) found << name + " sticks out";
        for (const QWidget* other : seen) {
            if (other->parentWidget() == parent && other->geometry().intersects(widget->geometry()))
                found << name + " on " + other->accessibleName();
        }
        seen << widget;
    }
    return found;
}

}  // namespace fixture
