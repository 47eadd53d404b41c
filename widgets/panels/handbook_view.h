// The handbook that ships with the program: a list of its pages, one page, and the way back.
//
// Wiring: HandbookView(theme, folder) with the folder of the pages; showPage() from links elsewhere.
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QStackedWidget;
class QToolButton;

namespace fm {

class HandbookBrowser;
class ThemeSource;

class HandbookView : public QWidget {
    Q_OBJECT
public:
    HandbookView(ThemeSource& theme, const QString& folder, QWidget* parent = nullptr);

    // "method.md", or with a heading "method.md#swaps". What is no page of the handbook changes nothing.
    void showPage(const QString& page);
    QString page() const;  // file name of the shown one, "" when there is no handbook

private:
    QLayout* buildHead();
    void addPages(const QString& folder);
    void follow();

    QToolButton* back_ = nullptr;
    QToolButton* forward_ = nullptr;
    QComboBox* pages_ = nullptr;
    QStackedWidget* stack_ = nullptr;
    HandbookBrowser* browser_ = nullptr;
    QLabel* empty_ = nullptr;
};

}  // namespace fm
