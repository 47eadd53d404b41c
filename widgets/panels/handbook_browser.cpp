#include "widgets/panels/handbook_browser.h"

#include <QDesktopServices>
#include <QDir>
#include <QFile>
#include <QKeyEvent>
#include <QScrollBar>

#include "widgets/panels/handbook_style.h"
#include "widgets/theme/theme.h"

namespace fm {

HandbookBrowser::HandbookBrowser(ThemeSource& theme, const QString& folder, QWidget* parent)
    : QTextBrowser(parent), theme_(theme), folder_(folder) {
    setOpenLinks(false);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    connect(this, &QTextBrowser::anchorClicked, this, &HandbookBrowser::follow);
    connect(&theme_, &ThemeSource::changed, this, &HandbookBrowser::restyle);
}

QString HandbookBrowser::page() const { return at_ < 0 ? QString() : visited_[static_cast<std::size_t>(at_)].page; }

void HandbookBrowser::showPage(const QString& link) {
    const QString name = link.section('#', 0, 0), heading = link.section('#', 1);
    const QString wanted = name.isEmpty() && !heading.isEmpty() ? page() : name;
    if (!documentOf(wanted)) return;
    if (wanted != page()) {
        if (at_ >= 0) visited_[static_cast<std::size_t>(at_)].scrolled = verticalScrollBar()->value();
        visited_.resize(static_cast<std::size_t>(at_ + 1));
        visited_.push_back({wanted, 0});
        goTo(at_ + 1);
    }
    heading.isEmpty() ? verticalScrollBar()->setValue(0) : scrollToAnchor(heading);
}

// nullptr for what is no page of the folder.
QTextDocument* HandbookBrowser::documentOf(const QString& page) {
    if (QTextDocument* made = documents_.value(page)) return made;
    QFile file(QDir(folder_).filePath(page));
    if (page.contains('/') || !page.endsWith(".md") || !file.open(QIODevice::ReadOnly)) return nullptr;
    auto* document = new QTextDocument(this);
    document->setUndoRedoEnabled(false);
    document->setMarkdown(QString::fromUtf8(file.readAll()));
    styleHandbookPage(*document, theme_.theme());
    documents_.insert(page, document);
    return document;
}

void HandbookBrowser::goTo(int visit) {
    if (visit < 0 || visit >= static_cast<int>(visited_.size())) return;
    if (at_ >= 0) visited_[static_cast<std::size_t>(at_)].scrolled = verticalScrollBar()->value();
    at_ = visit;
    setDocument(documentOf(page()));
    verticalScrollBar()->setValue(visited_[static_cast<std::size_t>(at_)].scrolled);
    Q_EMIT pageChanged();
}

void HandbookBrowser::follow(const QUrl& link) {
    if (link.scheme().startsWith("http")) {
        QDesktopServices::openUrl(link);
    } else {
        showPage(link.toString());
    }
}

// The shown page at once; the others when they are made again.
void HandbookBrowser::restyle() {
    for (const QString& made : documents_.keys())
        if (made != page()) delete documents_.take(made);
    if (QTextDocument* shown = documents_.value(page())) styleHandbookPage(*shown, theme_.theme());
}

void HandbookBrowser::keyPressEvent(QKeyEvent* event) {
    event->key() == Qt::Key_Backspace ? back() : QTextBrowser::keyPressEvent(event);
}

}  // namespace fm
