// One page of the handbook at a time, and the way through them: links, headings, back and forward.
#pragma once

#include <QHash>
#include <QTextBrowser>
#include <vector>

namespace fm {

class ThemeSource;

// Pages are made into documents of their own, off the screen, and kept: the importer of QTextBrowser::setSource() lays
// a visible page out again after every cell of a table, which takes seconds. Thread: the window's.
class HandbookBrowser : public QTextBrowser {
    Q_OBJECT
public:
    HandbookBrowser(ThemeSource& theme, const QString& folder, QWidget* parent);

    // "method.md", "method.md#swaps", or "#swaps" in the shown page. What is no page of the folder changes nothing.
    void showPage(const QString& link);
    QString page() const;  // "" before the first
    void back() { goTo(at_ - 1); }
    void forward() { goTo(at_ + 1); }
    bool canGoBack() const { return at_ > 0; }
    bool canGoForward() const { return at_ + 1 < static_cast<int>(visited_.size()); }

Q_SIGNALS:
    void pageChanged();

protected:
    void keyPressEvent(QKeyEvent* event) override;  // Backspace: back

private:
    struct Visit {
        QString page;
        int scrolled = 0;
    };
    QTextDocument* documentOf(const QString& page);
    void goTo(int visit);
    void follow(const QUrl& link);
    void restyle();

    ThemeSource& theme_;
    QString folder_;
    QHash<QString, QTextDocument*> documents_;  // children of this
    std::vector<Visit> visited_;
    int at_ = -1;
};

}  // namespace fm
