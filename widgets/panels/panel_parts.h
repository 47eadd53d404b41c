// Small parts that the panels of tables and forms share, so that they look and behave alike.
#pragma once

#include <QString>
#include <QStyledItemDelegate>
#include <functional>

class QLabel;
class QTableView;
class QToolButton;
class QWidget;

namespace fm {

class ElidedLabel;
class ThemeSource;
struct Theme;

// A quiet button of a panel's head row. The tooltip is also what a screen reader says after the name.
QToolButton* flatButton(const QString& text, const QString& tool_tip, QWidget* parent);
QLabel* faintLabel(const QString& text, QWidget* parent);
ElidedLabel* faintElidedLabel(QWidget* parent);
QLabel* titleLabel(const QString& text, QWidget* parent);
// What an empty panel says: what belongs here, and what to do to get it.
QLabel* emptyLabel(QWidget* parent);

// Rows, not cells; no grid; one line per row; sortable by its head, which can also be reached with the keyboard.
void setTableLook(QTableView& table, const QString& accessible_name);

// Whole sentences instead of one line per row; for tables of few rows.
void wrapLines(QTableView& table);

// Red border and tooltip of a field with a problem; empty text takes them away.
void showProblemAt(QWidget& field, const QString& problem);

// `text` for a POSIX shell: quoted where it must be.
QString shellQuoted(const QString& text);

// Text colour, weight and fill of cells by what their model says.
class ThemedDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using Look = std::function<void(const QModelIndex&, const Theme&, QStyleOptionViewItem&)>;
    ThemedDelegate(const ThemeSource& theme, Look look, QObject* parent);

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

private:
    const ThemeSource& theme_;
    Look look_;
};

}  // namespace fm
