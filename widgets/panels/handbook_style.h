// The looks of a page that came out of Markdown. Qt's importer knows no style sheet and gives headings no anchors.
#pragma once

#include <QString>

class QTextDocument;

namespace fm {

struct Theme;

// "Single writer, many readers" -> "single-writer-many-readers": how links name headings, here and on GitHub.
QString headingAnchor(const QString& heading);

// Sizes, weights and colours of headings, code and tables by the theme; each heading becomes an anchor. May be called
// again on the same document, for another theme.
void styleHandbookPage(QTextDocument& document, const Theme& theme);

}  // namespace fm
