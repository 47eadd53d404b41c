#include "widgets/panels/handbook_style.h"

#include <QFontDatabase>
#include <QGuiApplication>
#include <QPalette>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>
#include <QTextTable>
#include <algorithm>
#include <utility>
#include <vector>

#include "widgets/theme/theme.h"

namespace fm {
namespace {

bool isCodeBlock(const QTextBlock& block) {
    return block.blockFormat().hasProperty(QTextFormat::BlockCodeLanguage) ||
           block.blockFormat().hasProperty(QTextFormat::BlockCodeFence);
}

void styleHeading(QTextBlock block, const Theme& theme) {
    constexpr double larger_pt[] = {5, 2, 1};
    const int level = std::min(block.blockFormat().headingLevel(), 3);
    QTextCursor cursor(block);
    QTextBlockFormat space;
    space.setTopMargin(level == 1 ? 2 : 14);
    space.setBottomMargin(4);
    cursor.mergeBlockFormat(space);
    cursor.select(QTextCursor::BlockUnderCursor);
    QTextCharFormat looks;  // instead of the importer's, whose relative size would win
    looks.setFontWeight(QFont::DemiBold);
    looks.setFontPointSize(uiFont(larger_pt[level - 1]).pointSizeF());
    looks.setForeground(theme.text);
    looks.setAnchor(true);
    looks.setAnchorNames({headingAnchor(block.text())});
    cursor.setCharFormat(looks);
}

// Words in code, links and weights inside a block. `code`: the whole block is code.
void styleFragments(const QTextBlock& block, const Theme& theme, bool code) {
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    std::vector<std::pair<QTextCursor, QTextCharFormat>> changes;  // made after the walk, which they would disturb
    for (auto part = block.begin(); !part.atEnd(); ++part) {
        const QTextFragment fragment = part.fragment();
        const QTextCharFormat has = fragment.charFormat();
        QTextCharFormat looks;
        if (has.fontFixedPitch() || code) {
            looks.setFontFamilies({fixed.family()});
            looks.setFontPointSize(uiFont(-0.5).pointSizeF());
            if (!code) looks.setBackground(theme.field);
        }
        if (!has.anchorHref().isEmpty()) {
            looks.setForeground(QGuiApplication::palette().link());
        } else {
            looks.setForeground(theme.text);
        }
        if (has.fontWeight() > QFont::DemiBold) looks.setFontWeight(QFont::DemiBold);  // the one bold that ships
        QTextCursor cursor(block);
        cursor.setPosition(fragment.position());
        cursor.setPosition(fragment.position() + fragment.length(), QTextCursor::KeepAnchor);
        changes.emplace_back(cursor, looks);
    }
    for (auto& [cursor, looks] : changes) cursor.mergeCharFormat(looks);
}

void styleCodeBlock(const QTextBlock& block, const Theme& theme) {
    QTextBlockFormat looks;
    looks.setNonBreakableLines(false);  // a narrow panel wraps long lines and does not scroll sideways
    looks.setBackground(theme.field);
    looks.setLeftMargin(8);
    QTextCursor(block).mergeBlockFormat(looks);
}

void styleTable(QTextTable& table, const Theme& theme) {
    QTextTableFormat looks = table.format();
    looks.setBorder(1);
    looks.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
    looks.setBorderBrush(theme.panel_border);
    looks.setBorderCollapse(true);
    looks.setCellPadding(4);
    looks.setCellSpacing(0);
    looks.setTopMargin(6);
    looks.setBottomMargin(6);
    table.setFormat(looks);
    for (int column = 0; column < table.columns(); ++column) {
        QTextTableCell cell = table.cellAt(0, column);
        QTextCharFormat head = cell.format();
        head.setBackground(theme.hover);
        cell.setFormat(head);
    }
}

}  // namespace

QString headingAnchor(const QString& heading) {
    QString anchor;
    for (const QChar c : heading.toLower()) {
        if (c.isLetterOrNumber() || c == QChar('-') || c == QChar('_')) anchor += c;
        if (c == QChar(' ')) anchor += QChar('-');
    }
    return anchor;
}

void styleHandbookPage(QTextDocument& document, const Theme& theme) {
    document.setDefaultFont(uiFont());
    document.setIndentWidth(20);
    QTextCursor all(&document);
    all.beginEditBlock();  // laid out once, not after every change
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        if (block.blockFormat().headingLevel() > 0) {
            styleHeading(block, theme);
            continue;
        }
        const bool code = isCodeBlock(block);
        if (code) styleCodeBlock(block, theme);
        styleFragments(block, theme, code);
    }
    for (QTextFrame* frame : document.rootFrame()->childFrames()) {
        if (auto* table = qobject_cast<QTextTable*>(frame)) styleTable(*table, theme);
    }
    all.endEditBlock();
}

}  // namespace fm
