#include "widgets/panels/help_panel.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableWidget>
#include <QTextBrowser>

#include "widgets/panels/handbook_view.h"
#include "widgets/panels/help_text.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

HelpPanel::HelpPanel(ThemeSource& theme, const QString& handbook, QWidget* parent) : QWidget(parent), theme_(theme) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 4, 6, 6);
    layout->setSpacing(4);
    tabs_ = new QTabBar(this);
    tabs_->addTab(tr("Tour"));
    tabs_->addTab(tr("Shortcuts"));
    tabs_->addTab(tr("Handbook"));
    tabs_->setAccessibleName(tr("Tour, shortcuts or handbook"));
    layout->addWidget(tabs_, 0, Qt::AlignLeft);
    pages_ = new QStackedWidget(this);
    tour_ = new QTextBrowser(pages_);
    tour_->setOpenLinks(false);
    tour_->document()->setDefaultStyleSheet("b, h3 { font-weight: 600; }");  // the one bold weight that ships
    tour_->setAccessibleName(tr("Tour of the window"));
    shortcuts_ = new QTableWidget(0, 3, pages_);
    setTableLook(*shortcuts_, tr("Shortcuts"));
    shortcuts_->setHorizontalHeaderLabels({tr("where"), tr("keys"), tr("what")});
    shortcuts_->setColumnWidth(0, 92);
    shortcuts_->setColumnWidth(1, 140);
    wrapLines(*shortcuts_);
    pages_->addWidget(tour_);
    pages_->addWidget(shortcuts_);
    handbook_ = new HandbookView(theme_, handbook, pages_);
    pages_->addWidget(handbook_);
    layout->addWidget(pages_, 1);
    connect(tabs_, &QTabBar::currentChanged, pages_, &QStackedWidget::setCurrentIndex);
    connect(tour_, &QTextBrowser::anchorClicked, this, &HelpPanel::follow);
    connect(&theme_, &ThemeSource::changed, this, &HelpPanel::fillTour);
    fillTour();
    setShortcuts({});
}

// Colours of the words follow the theme: amber and blue mean the same here as everywhere.
void HelpPanel::fillTour() {
    const Theme& theme = theme_.theme();
    QString html = tourHtml();
    const std::pair<const char*, QColor> colours[] = {
        {"@full", theme.full}, {"@linear", theme.linear}, {"@accent", theme.accent}, {"@faint", theme.text_faint}};
    for (const auto& [name, colour] : colours) html.replace(QLatin1String(name), colour.name());
    tour_->setHtml(html);
}

void HelpPanel::setShortcuts(const std::vector<Shortcut>& shortcuts) {
    std::vector<Shortcut> all = shortcuts;
    all.insert(all.end(), panelShortcuts().begin(), panelShortcuts().end());
    shortcuts_->setRowCount(static_cast<int>(all.size()));
    for (int row = 0; row < static_cast<int>(all.size()); ++row) {
        const Shortcut& shortcut = all[static_cast<std::size_t>(row)];
        shortcuts_->setItem(row, 0, new QTableWidgetItem(shortcut.place));
        shortcuts_->setItem(row, 1, new QTableWidgetItem(shortcut.keys));
        shortcuts_->setItem(row, 2, new QTableWidgetItem(shortcut.what));
    }
}

// "dock:gates" is a place in the window, "handbook:method.md" a page.
void HelpPanel::follow(const QUrl& link) {
    if (link.scheme() == "handbook") return showHandbook(link.toString(QUrl::RemoveScheme));
    Q_EMIT placeActivated(link.path());
}

void HelpPanel::showTour() { tabs_->setCurrentIndex(0); }
void HelpPanel::showShortcuts() { tabs_->setCurrentIndex(1); }
void HelpPanel::showHandbook(const QString& page) {
    if (!page.isEmpty()) handbook_->showPage(page);
    tabs_->setCurrentIndex(2);
    Q_EMIT handbookShown();
}

}  // namespace fm
