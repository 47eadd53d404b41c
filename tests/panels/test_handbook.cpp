// The handbook in the window's help: every page listed, every link alive, and the way through it by clicks and keys.
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QLabel>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTabBar>
#include <QTest>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextTable>
#include <QToolButton>

#include "widgets/panels/handbook_style.h"
#include "widgets/panels/handbook_view.h"
#include "widgets/panels/help_panel.h"
#include "widgets/theme/theme.h"

namespace {

const QString kFolder = QStringLiteral(FM_SOURCE_DIR "/resources/handbook");

QString textOf(const QString& page) {
    QFile file(QDir(kFolder).filePath(page));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QStringList pages() { return QDir(kFolder).entryList({"*.md"}, QDir::Files, QDir::Name); }

// By the file, not by the document that is made of it.
QStringList anchorsOf(const QString& page) {
    QStringList anchors;
    static const QRegularExpression heading("^#+ (.*)$", QRegularExpression::MultilineOption);
    auto headings = heading.globalMatch(textOf(page));
    while (headings.hasNext()) anchors << fm::headingAnchor(headings.next().captured(1));
    return anchors;
}

// Where the text of a link to `target` stands in the viewport; scrolls there first.
QPoint placeOfLink(QTextBrowser& browser, const QString& target) {
    for (QTextBlock block = browser.document()->begin(); block.isValid(); block = block.next()) {
        for (auto part = block.begin(); !part.atEnd(); ++part) {
            if (part.fragment().charFormat().anchorHref() != target) continue;
            QTextCursor cursor(block);
            cursor.setPosition(part.fragment().position() + 1);
            browser.setTextCursor(cursor);
            browser.ensureCursorVisible();
            return browser.cursorRect(cursor).center() + QPoint(2, 0);
        }
    }
    return {-1, -1};
}

QElapsedTimer started() {
    QElapsedTimer timer;
    timer.start();
    return timer;
}

void clickLink(QTextBrowser& browser, const QString& target) {
    const QPoint place = placeOfLink(browser, target);
    QVERIFY2(place.x() >= 0, qPrintable("no link to " + target));
    QTest::mouseClick(browser.viewport(), Qt::LeftButton, {}, place);
}

QTextBlock headingNamed(QTextBrowser& browser, const QString& text) {
    QTextBlock block = browser.document()->begin();
    while (block.isValid() && !(block.blockFormat().headingLevel() > 0 && block.text() == text)) block = block.next();
    return block;
}

}  // namespace

class TestHandbook : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        fm::registerFonts();
        fm::applyTheme(*qApp, fm::ThemeKind::Dark);
        QVERIFY(pages().size() >= 10);
    }

    void everyPageIsListed() {
        const fm::HandbookView view(theme_, kFolder);
        const auto* list = view.findChild<QComboBox*>();
        QCOMPARE(view.page(), QStringLiteral("README.md"));
        QStringList listed;
        for (int row = 0; row < list->count(); ++row) {
            listed << list->itemData(row).toString();
            QVERIFY2(!list->itemText(row).isEmpty(), qPrintable(listed.last()));
        }
        listed.sort();
        QStringList there = pages();
        there.sort();
        QCOMPARE(listed, there);
    }

    void everyLinkIsAlive() {
        static const QRegularExpression link("\\]\\(([^)#]*)(?:#([^)]*))?\\)");
        QStringList dead;
        for (const QString& page : pages()) {
            auto links = link.globalMatch(textOf(page));
            while (links.hasNext()) {
                const QRegularExpressionMatch match = links.next();
                const QString target = match.captured(1).isEmpty() ? page : match.captured(1);
                if (!pages().contains(target)) dead << page + " -> " + target;
                if (!match.captured(2).isEmpty() && !anchorsOf(target).contains(match.captured(2)))
                    dead << page + " -> " + target + "#" + match.captured(2);
            }
        }
        QVERIFY2(dead.isEmpty(), qPrintable(dead.join("; ")));
    }

    void clicksLeadFromPageToPageAndBack() {
        fm::HandbookView view(theme_, kFolder);
        view.resize(420, 500);
        view.show();
        auto* browser = view.findChild<QTextBrowser*>();
        const QList<QToolButton*> buttons = view.findChildren<QToolButton*>();
        QVERIFY(!buttons[0]->isEnabled());
        clickLink(*browser, "method.md");
        QCOMPARE(view.page(), QStringLiteral("method.md"));
        QVERIFY(browser->toPlainText().contains("FlashMorph"));
        QCOMPARE(view.findChild<QComboBox*>()->currentText(), QStringLiteral("Method"));
        clickLink(*browser, "measurements.md");
        QCOMPARE(view.page(), QStringLiteral("measurements.md"));
        const QElapsedTimer since = started();
        QTest::mouseClick(buttons[0], Qt::LeftButton);
        QVERIFY2(since.elapsed() < 500, "a page that was seen before takes half a second");
        QCOMPARE(view.page(), QStringLiteral("method.md"));
        QCOMPARE(headingNamed(*browser, "Swaps").begin().fragment().charFormat().fontWeight(), int(QFont::DemiBold));
        QTest::mouseClick(buttons[1], Qt::LeftButton);
        QCOMPARE(view.page(), QStringLiteral("measurements.md"));
        QTest::keyClick(browser, Qt::Key_Backspace);
        QTest::keyClick(browser, Qt::Key_Backspace);
        QCOMPARE(view.page(), QStringLiteral("README.md"));
        QVERIFY(!buttons[0]->isEnabled());
        auto* list = view.findChild<QComboBox*>();
        list->setFocus();
        QTest::keyClick(list, Qt::Key_Down);
        QCOMPARE(view.page(), list->itemData(1).toString());
    }

    // Measurements has the largest tables.
    void aLargePageComesAtOnce() {
        fm::HandbookView view(theme_, kFolder);
        view.resize(420, 500);
        view.show();
        const QElapsedTimer since = started();
        view.showPage("measurements.md");
        view.grab();
        qInfo("measurements.md in %lld ms", static_cast<long long>(since.elapsed()));
        QVERIFY(since.elapsed() < 1000);
    }

    void aHeadingIsShownAtItsPlace() {
        fm::HandbookView view(theme_, kFolder);
        view.resize(420, 300);
        view.show();
        view.showPage("method.md#swaps");
        auto* browser = view.findChild<QTextBrowser*>();
        const QTextBlock heading = headingNamed(*browser, "Swaps");
        QVERIFY(heading.isValid());
        QVERIFY(browser->verticalScrollBar()->value() > 0);
        const int top = browser->cursorRect(QTextCursor(heading)).top();
        QVERIFY2(top >= -4 && top < 60, qPrintable(QString::number(top)));
    }

    void pagesLookLikePages() {
        fm::HandbookView view(theme_, kFolder);
        view.showPage("recurrences.md");
        auto* browser = view.findChild<QTextBrowser*>();
        const QTextBlock title = headingNamed(*browser, "Recurrences"), part = headingNamed(*browser, "GDN");
        const auto size = [](const QTextBlock& block) { return block.begin().fragment().charFormat().fontPointSize(); };
        QVERIFY(size(title) > size(part) && size(part) > fm::uiFont().pointSizeF());
        QCOMPARE(title.begin().fragment().charFormat().fontWeight(), int(QFont::DemiBold));
        int tables = 0;
        for (QTextFrame* frame : browser->document()->rootFrame()->childFrames())
            tables += qobject_cast<QTextTable*>(frame) != nullptr;
        QCOMPARE(tables, int(textOf("recurrences.md").count("\n|---")));
        const QColor dark = part.begin().fragment().charFormat().foreground().color();
        theme_.setKind(fm::ThemeKind::Light);
        QCOMPARE(part.begin().fragment().charFormat().foreground().color(), theme_.theme().text);
        QVERIFY(dark != theme_.theme().text);
        theme_.setKind(fm::ThemeKind::Dark);
    }

    void nothingOutsideIsShown() {
        fm::HandbookView view(theme_, kFolder);
        for (const char* elsewhere : {"../README.md", "/etc/hostname", "file:///etc/hostname", "gone.md", ""}) {
            view.showPage(elsewhere);
            QCOMPARE(view.page(), QStringLiteral("README.md"));
        }
    }

    void withoutPagesItSaysWhatToDo() {
        fm::HandbookView view(theme_, kFolder + "/nowhere");
        view.resize(420, 300);
        view.show();
        QCOMPARE(view.page(), QString());
        QVERIFY(!view.findChild<QTextBrowser*>()->isVisible());
        bool said = false;
        for (const QLabel* label : view.findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text().contains("nowhere"));
        QVERIFY(said);
    }

    void theTourLeadsIntoIt() {
        fm::HelpPanel panel(theme_, kFolder);
        panel.resize(420, 500);
        panel.show();
        QSignalSpy place(&panel, &fm::HelpPanel::placeActivated);
        auto* tour = panel.findChild<QTextBrowser*>();
        static const QRegularExpression link("href=\"handbook:([^\"#]*)#?([^\"]*)\"");
        auto links = link.globalMatch(tour->toHtml());
        QVERIFY(links.hasNext());
        while (links.hasNext()) {
            const QRegularExpressionMatch match = links.next();
            QVERIFY2(pages().contains(match.captured(1)), qPrintable(match.captured()));
            if (!match.captured(2).isEmpty())
                QVERIFY2(anchorsOf(match.captured(1)).contains(match.captured(2)), qPrintable(match.captured()));
        }
        clickLink(*tour, "handbook:method.md#mixed-stream");
        QCOMPARE(panel.findChild<QTabBar*>()->currentIndex(), 2);
        QCOMPARE(panel.findChild<fm::HandbookView*>()->page(), QStringLiteral("method.md"));
        QCOMPARE(place.size(), 0);
    }

private:
    fm::ThemeSource theme_{fm::ThemeKind::Dark};
};

QTEST_MAIN(TestHandbook)
#include "test_handbook.moc"
