#include "widgets/panels/panel_parts.h"

#include <QHeaderView>
#include <QLabel>
#include <QStyle>
#include <QTableView>
#include <QToolButton>

#include "widgets/panels/elided_label.h"
#include "widgets/theme/theme.h"

namespace fm {

QToolButton* flatButton(const QString& text, const QString& tool_tip, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setToolTip(tool_tip);
    button->setAccessibleName(text);
    button->setAccessibleDescription(tool_tip);
    button->setProperty("role", "flat");
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

QLabel* faintLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("role", "faint");
    return label;
}

ElidedLabel* faintElidedLabel(QWidget* parent) {
    auto* label = new ElidedLabel(parent);
    label->setProperty("role", "faint");
    return label;
}

QLabel* titleLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("role", "title");
    return label;
}

QLabel* emptyLabel(QWidget* parent) {
    QLabel* label = faintLabel({}, parent);
    label->setAlignment(Qt::AlignCenter);
    label->setWordWrap(true);
    label->setMargin(16);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

void setTableLook(QTableView& table, const QString& accessible_name) {
    table.setAccessibleName(accessible_name);
    table.setSelectionBehavior(QAbstractItemView::SelectRows);
    table.setShowGrid(false);
    table.setWordWrap(false);
    table.setTextElideMode(Qt::ElideRight);
    table.setEditTriggers(QAbstractItemView::NoEditTriggers);
    table.setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table.setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table.setTabKeyNavigation(false);  // Tab leaves the table
    table.setCornerButtonEnabled(false);
    table.verticalHeader()->hide();
    table.verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table.verticalHeader()->setDefaultSectionSize(table.fontMetrics().height() + 10);
    table.horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table.horizontalHeader()->setHighlightSections(false);
    table.horizontalHeader()->setStretchLastSection(true);
    table.horizontalHeader()->setMinimumSectionSize(32);
    table.horizontalHeader()->setSectionsMovable(true);
}

void wrapLines(QTableView& table) {
    table.setWordWrap(true);
    table.verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
}

void showProblemAt(QWidget& field, const QString& problem) {
    if (field.property("problem").toBool() == !problem.isEmpty()) return;  // a form's worth of styling takes 10 ms
    field.setProperty("problem", !problem.isEmpty());
    field.style()->unpolish(&field);
    field.style()->polish(&field);
}

QString shellQuoted(const QString& text) {
    static const QRegularExpression safe(QStringLiteral("^[A-Za-z0-9_@%+=:,./-]+$"));
    if (safe.match(text).hasMatch()) return text;
    QString quoted = text;
    return QChar('\'') + quoted.replace(QChar('\''), QStringLiteral("'\\''")) + QChar('\'');
}

ThemedDelegate::ThemedDelegate(const ThemeSource& theme, Look look, QObject* parent)
    : QStyledItemDelegate(parent), theme_(theme), look_(std::move(look)) {}

void ThemedDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    option->state &= ~QStyle::State_HasFocus;  // the whole row is marked, not one cell
    look_(index, theme_.theme(), *option);
}

}  // namespace fm
