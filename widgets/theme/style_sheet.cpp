#include "widgets/theme/style_sheet.h"

#include <QApplication>
#include <QPalette>
#include <QStyleFactory>
#include <utility>

namespace fm {

namespace {

const char* const kContainers = R"(
QMainWindow, QDialog, QMessageBox { background: @window; }
QMainWindow::separator { background: @window; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: @accent; }
QSplitter::handle { background: @window; }
QSplitter::handle:hover { background: @accent; }
QDockWidget { color: @text; font-weight: 600; titlebar-close-icon: url(:/icons/close_@kind.svg);
  titlebar-normal-icon: url(:/icons/float_@kind.svg); }
QDockWidget::title { background: @panel; text-align: left; padding: 6px 8px; border: 1px solid @border;
  border-top-left-radius: 6px; border-top-right-radius: 6px; }
QDockWidget > QWidget { background: @panel; border: 1px solid @border; border-top: none;
  border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }
QDockWidget::close-button, QDockWidget::float-button { border: none; background: transparent; padding: 2px;
  border-radius: 4px; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: @field; }
QFrame[role="panel"] { background: @panel; border: 1px solid @border; border-radius: 6px; }
QFrame[role="tile"] { background: @panel; border: 1px solid @border; border-radius: 6px; }
QFrame[role="tile-measured"] { background: @measuredfill; border: 1px solid @accent; border-radius: 6px; }
QFrame[role="tile-predicted"] { background: @panel; border: 1px dashed @faint; border-radius: 6px; }
QGroupBox { border: 1px solid @border; border-radius: 6px; margin-top: 20px; padding: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 2px; top: 2px; color: @text; font-weight: 600; }
QScrollArea, QStackedWidget { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QStatusBar { background: @window; color: @faint; }
QStatusBar::item { border: none; }
QToolBar { background: @window; border: none; spacing: 6px; padding: 4px 6px; }
QToolBar::separator { background: @border; width: 1px; margin: 6px 4px; }
QToolTip { background: @panel; color: @text; border: 1px solid @border; padding: 4px 6px; }
)";

const char* const kText = R"(
QLabel { background: transparent; border: none; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="faint"] { color: @faint; }
QLabel[role="number"] { font-weight: 600; font-size: @numberpt; }
QLabel[role="error"] { color: @error; }
QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {
  background: @input; color: @text; border: 1px solid @border; border-radius: 5px;
  selection-background-color: @selection; selection-color: @text; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit { padding: 3px 7px; min-height: 18px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus { border: 1px solid @accent; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: @disabled; }
QLineEdit[problem="true"], QSpinBox[problem="true"], QDoubleSpinBox[problem="true"], QComboBox[problem="true"] {
  border: 1px solid @error; }
QPlainTextEdit, QTextEdit, QTextBrowser { padding: 3px; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(:/icons/chevron_down_@kind.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: @panel; color: @text; border: 1px solid @border; padding: 2px;
  selection-background-color: @selection; selection-color: @text; outline: none; }
QSpinBox::up-button, QDoubleSpinBox::up-button { subcontrol-position: top right; border: none; width: 18px; }
QSpinBox::down-button, QDoubleSpinBox::down-button { subcontrol-position: bottom right; border: none; width: 18px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url(:/icons/chevron_up_@kind.svg); width: 10px; height: 10px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url(:/icons/chevron_down_@kind.svg); width: 10px;
  height: 10px; }
)";

const char* const kButtons = R"(
QPushButton, QToolButton { background: @panel; color: @text; border: 1px solid @border; border-radius: 5px;
  padding: 4px 11px; min-height: 18px; }
QToolButton { padding: 4px 7px; }
QPushButton:hover, QToolButton:hover { background: @field; }
QPushButton:pressed, QToolButton:pressed { background: @border; }
QPushButton:focus, QToolButton:focus { border: 1px solid @accent; }
QPushButton:checked, QToolButton:checked { background: @selection; }
QPushButton:disabled, QToolButton:disabled { color: @disabled; }
QPushButton:default, QPushButton[role="primary"], QToolButton[role="primary"] { background: @accent;
  color: @onaccent; border: 1px solid @accent; }
QPushButton:default:hover, QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover {
  background: @accenthover; }
QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled { background: @field;
  color: @disabled; border: 1px solid @border; }
QToolButton[role="flat"], QPushButton[role="flat"] { background: transparent; border: 1px solid transparent;
  color: @faint; padding: 2px 6px; }
QToolButton[role="flat"]:hover, QPushButton[role="flat"]:hover { background: @field; color: @text; }
QToolButton[role="flat"]:checked { background: @field; color: @text; }
QToolButton[role="flat"]:focus, QPushButton[role="flat"]:focus { border: 1px solid @accent; }
QToolButton::menu-indicator { image: none; }
QCheckBox, QRadioButton { spacing: 7px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid @faint;
  background: @input; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/check_@kind.svg); }
QRadioButton::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/dot_@kind.svg); }
QCheckBox:focus, QRadioButton:focus { color: @accent; }
QSlider::groove:horizontal { height: 4px; background: @field; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider[role="budget"]::sub-page:horizontal { background: @full; }
QSlider::handle:horizontal { background: @mark; border: 2px solid @panel; width: 11px; height: 11px; margin: -6px 0;
  border-radius: 7px; }
QSlider::handle:horizontal:focus { border: 2px solid @accent; }
QSlider::groove:vertical { width: 4px; background: @field; border-radius: 2px; }
QSlider::handle:vertical { background: @mark; width: 11px; height: 11px; margin: 0 -4px; border-radius: 5px; }
QProgressBar { background: @field; border: none; border-radius: 3px; max-height: 6px; color: transparent; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
)";

const char* const kItems = R"(
QAbstractItemView { background: @panel; alternate-background-color: @hover; color: @text; border: none;
  gridline-color: @grid; selection-background-color: @selection; selection-color: @text; outline: none; }
QTableView::item, QTreeView::item, QListView::item { padding: 3px 6px; border: none;
  border-bottom: 1px solid @grid; }
QTableView::item:hover, QTreeView::item:hover, QListView::item:hover { background: @hover; }
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected { background: @selection;
  color: @text; }
QTableView::item:focus, QTreeView::item:focus { border: 1px solid @accent; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url(:/icons/chevron_right_@kind.svg); }
QTreeView::branch:has-children:open { image: url(:/icons/chevron_down_@kind.svg); }
QHeaderView { background: @panel; border: none; qproperty-highlightSections: false;
  qproperty-defaultAlignment: 'AlignLeft | AlignVCenter'; }
QHeaderView::section { background: @panel; color: @faint; border: none; border-bottom: 1px solid @border;
  padding: 4px 6px; font-weight: 400; }
QHeaderView::section:hover { color: @text; }
QHeaderView::up-arrow { image: url(:/icons/chevron_up_@kind.svg); width: 10px; height: 10px;
  subcontrol-position: center right; right: 2px; }
QHeaderView::down-arrow { image: url(:/icons/chevron_down_@kind.svg); width: 10px; height: 10px;
  subcontrol-position: center right; right: 2px; }
QTableCornerButton::section { background: @panel; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTabWidget::pane { border: 1px solid @border; border-radius: 6px; background: @panel; top: -1px; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: @faint; border: none; border-bottom: 2px solid transparent;
  padding: 5px 10px; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @accent; }
QMenuBar { background: @window; color: @text; }
QMenuBar::item { padding: 4px 9px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @field; }
QMenu { background: @panel; color: @text; border: 1px solid @border; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @border; margin: 4px 6px; }
QMenu::indicator { width: 12px; height: 12px; left: 5px; border: 1px solid @faint; border-radius: 3px; }
QMenu::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/check_@kind.svg); }
QMenu::right-arrow { image: url(:/icons/chevron_right_@kind.svg); width: 12px; height: 12px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
)";

QPalette palette(const Theme& theme) {
    QPalette p;
    p.setColor(QPalette::Window, theme.window);
    p.setColor(QPalette::WindowText, theme.text);
    p.setColor(QPalette::Base, theme.panel);
    p.setColor(QPalette::AlternateBase, theme.hover);
    p.setColor(QPalette::Text, theme.text);
    p.setColor(QPalette::PlaceholderText, theme.text_faint);
    p.setColor(QPalette::Button, theme.panel);
    p.setColor(QPalette::ButtonText, theme.text);
    p.setColor(QPalette::BrightText, theme.error);
    p.setColor(QPalette::ToolTipBase, theme.panel);
    p.setColor(QPalette::ToolTipText, theme.text);
    p.setColor(QPalette::Highlight, theme.selection);
    p.setColor(QPalette::HighlightedText, theme.text);
    p.setColor(QPalette::Link, theme.linear);
    p.setColor(QPalette::LinkVisited, theme.linear);
    p.setColor(QPalette::Mid, theme.panel_border);
    const QColor disabled = blended(theme.panel, theme.text_faint, 0.6);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        p.setColor(QPalette::Disabled, role, disabled);
    }
    return p;
}

}  // namespace

QString styleSheet(const Theme& theme) {
    const bool dark = theme.kind == ThemeKind::Dark;
    // Longer names stand before their own beginnings ("@accenthover" before "@accent").
    const std::pair<const char*, QString> names[] = {
        {"@accenthover", blended(theme.accent, theme.text, 0.15).name()},
        {"@accent", theme.accent.name()},
        {"@onaccent", theme.text_on_accent.name()},
        {"@measuredfill", blended(theme.panel, theme.accent, 0.12).name()},
        {"@window", theme.window.name()},
        {"@panel", theme.panel.name()},
        {"@border", theme.panel_border.name()},
        {"@input", dark ? theme.window.name() : QStringLiteral("#ffffff")},
        {"@field", theme.field.name()},
        {"@grid", theme.grid.name()},
        {"@selection", theme.selection.name()},
        {"@scroll", blended(theme.panel_border, theme.text_faint, 0.25).name()},
        {"@hover", theme.hover.name()},
        {"@mark", theme.mark.name()},
        {"@full", theme.full.name()},
        {"@error", theme.error.name()},
        {"@disabled", blended(theme.panel, theme.text_faint, 0.6).name()},
        {"@text", theme.text.name()},
        {"@faint", theme.text_faint.name()},
        {"@numberpt", QString::number(QApplication::font().pointSizeF() * 1.23, 'f', 2) + QStringLiteral("pt")},
        {"@kind", dark ? QStringLiteral("dark") : QStringLiteral("light")}};
    QString sheet = QString::fromLatin1(kContainers) + kText + kButtons + kItems;
    for (const auto& [name, value] : names) sheet.replace(QLatin1String(name), value);
    return sheet;
}

void applyTheme(QApplication& application, ThemeKind kind) {
    const Theme& theme = Theme::of(kind);
    if (application.style()->name() != QLatin1String("fusion")) {
        application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    }
    application.setPalette(palette(theme));
    application.setStyleSheet(styleSheet(theme));
}

}  // namespace fm
