// A short tour in the user's words, the list of all shortcuts, and the handbook.
//
// Wiring: HelpPanel(theme, handbook) with the folder of the handbook's pages. The window calls setShortcuts() with its
// actions' (F1 shows that page through showShortcuts()), and connects placeActivated to raising that dock and
// handbookShown to making room.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

class QStackedWidget;
class QTabBar;
class QTableWidget;
class QTextBrowser;

namespace fm {

class HandbookView;
class ThemeSource;

struct Shortcut {
    QString place;  // "Everywhere", "Plan", "Runs", ...
    QString keys;   // "Ctrl+Z"
    QString what;
};

class HelpPanel : public QWidget {
    Q_OBJECT
public:
    HelpPanel(ThemeSource& theme, const QString& handbook, QWidget* parent = nullptr);

    void setShortcuts(const std::vector<Shortcut>& shortcuts);  // added to those of the panels themselves
    static const std::vector<Shortcut>& panelShortcuts();

public Q_SLOTS:
    void showTour();
    void showShortcuts();
    void showHandbook(const QString& page = {});  // "method.md#swaps"; none: the page shown last

Q_SIGNALS:
    void placeActivated(const QString& place);  // a dock's name: "gates", "retrieval", ...
    void handbookShown();                       // by a link or the menu: a page needs room

private:
    void fillTour();
    void follow(const QUrl& link);

    ThemeSource& theme_;
    QTabBar* tabs_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    QTextBrowser* tour_ = nullptr;
    QTableWidget* shortcuts_ = nullptr;
    HandbookView* handbook_ = nullptr;
};

}  // namespace fm
