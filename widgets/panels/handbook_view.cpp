#include "widgets/panels/handbook_view.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QRegularExpression>
#include <QStackedWidget>
#include <QToolButton>

#include "widgets/panels/handbook_browser.h"
#include "widgets/panels/panel_parts.h"

namespace fm {
namespace {

const QString kContents = QStringLiteral("README.md");

QString pageText(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

// "# Run files" in the first line.
QString pageTitle(const QString& path) {
    return pageText(path).section('\n', 0, 0).remove(QRegularExpression("^#\\s*"));
}

// The pages that the contents name, in their order.
QStringList pagesOf(const QDir& folder) {
    QStringList pages;
    static const QRegularExpression link("\\]\\(([a-z-]+\\.md)\\)");
    auto links = link.globalMatch(pageText(folder.filePath(kContents)));
    while (links.hasNext()) {
        const QString page = links.next().captured(1);
        if (!pages.contains(page) && folder.exists(page)) pages << page;
    }
    return pages;
}

}  // namespace

HandbookView::HandbookView(ThemeSource& theme, const QString& folder, QWidget* parent) : QWidget(parent) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addLayout(buildHead());
    stack_ = new QStackedWidget(this);
    browser_ = new HandbookBrowser(theme, folder, stack_);
    browser_->setAccessibleName(tr("Page of the handbook"));
    empty_ = emptyLabel(stack_);
    stack_->addWidget(browser_);
    stack_->addWidget(empty_);
    layout->addWidget(stack_, 1);
    connect(back_, &QToolButton::clicked, browser_, &HandbookBrowser::back);
    connect(forward_, &QToolButton::clicked, browser_, &HandbookBrowser::forward);
    connect(browser_, &HandbookBrowser::pageChanged, this, &HandbookView::follow);
    connect(pages_, &QComboBox::activated, this, [this](int row) { showPage(pages_->itemData(row).toString()); });
    addPages(folder);
}

QLayout* HandbookView::buildHead() {
    auto* head = new QHBoxLayout;
    head->setSpacing(4);
    back_ = flatButton(QStringLiteral("←"), tr("Back to the page before (Backspace)"), this);
    back_->setAccessibleName(tr("Back"));
    forward_ = flatButton(QStringLiteral("→"), tr("Forward to the page that was left"), this);
    forward_->setAccessibleName(tr("Forward"));
    pages_ = new QComboBox(this);
    pages_->setAccessibleName(tr("Pages of the handbook"));
    pages_->setToolTip(tr("Pages of the handbook: what the program does, how well, and why it is built so"));
    head->addWidget(back_);
    head->addWidget(forward_);
    head->addWidget(pages_, 1);
    back_->setEnabled(false);
    forward_->setEnabled(false);
    return head;
}

void HandbookView::addPages(const QString& place) {
    const QDir folder(place);
    const bool there = !place.isEmpty() && folder.exists(kContents);
    stack_->setCurrentWidget(there ? static_cast<QWidget*>(browser_) : empty_);
    pages_->setEnabled(there);
    if (!there) {
        empty_->setText(tr("The handbook is not beside this program: %1 has no pages. Install the program again, with "
                           "its folder share/flashmorph.")
                            .arg(place));
        return;
    }
    pages_->addItem(tr("Contents"), kContents);
    for (const QString& page : pagesOf(folder)) pages_->addItem(pageTitle(folder.filePath(page)), page);
    showPage(kContents);
}

void HandbookView::showPage(const QString& page) { browser_->showPage(page); }

QString HandbookView::page() const { return browser_->page(); }

void HandbookView::follow() {
    pages_->setCurrentIndex(pages_->findData(page()));
    back_->setEnabled(browser_->canGoBack());
    forward_->setEnabled(browser_->canGoForward());
}

}  // namespace fm
