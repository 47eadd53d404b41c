#include "tests/arch/citations.h"

#include <QRegularExpression>
#include <QString>

namespace fm::arch {
namespace {

const char* const kHandbook = "resources/handbook/";

// The names are put together here, so that this file does not cite what it looks for. Three pages of the handbook share
// a name with an outside document; that one was cited by the number of a section, "NAME 1.3".
const QRegularExpression& outsideName() {
    static const QRegularExpression name(
        QString("\\bDES") +
        "IGN(\\.md)?\\b|\\breference/[a-z]+\\.md|"
        "(?<![\\w/.-])(kernels|prototype|export|measurement|house|style|toolchain|peers|reliability)\\.md\\b|"
        "(?<![\\w/.-])(method|evaluation|window)\\.md [0-9]");
    return name;
}

// Comments as running text: no line ends, no comment signs.
QString running(const std::string& text) {
    static const QRegularExpression line_end("\\s*\\n\\s*(//+|#|\\*)?\\s*");
    return QString::fromStdString(text).replace(line_end, " ");
}

bool hasHeading(const std::string& page, const std::string& heading) {
    for (const std::string& line : splitLines(page)) {
        const std::size_t begin = line.find_first_not_of('#');
        if (begin != std::string::npos && begin > 0 && line.substr(begin) == " " + heading) return true;
    }
    return false;
}

}  // namespace

bool isWritten(const std::string& path) {
    if (startsWith(path, "resources/text/")) return false;
    return isCode(path) || endsWith(path, ".md") || endsWith(path, ".json") || endsWith(path, ".in");
}

std::vector<std::string> outsideCitations(const SourceFile& file) {
    std::vector<std::string> found;
    const std::vector<std::string> lines = splitLines(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const QRegularExpressionMatch match = outsideName().match(QString::fromStdString(lines[i]));
        if (!match.hasMatch()) continue;
        found.push_back(file.path + ":" + std::to_string(i + 1) + " cites " + match.captured().toStdString());
    }
    return found;
}

std::vector<std::string> deadCitations(const SourceFile& file,
                                       const std::function<std::string(const std::string&)>& read) {
    static const QRegularExpression citation(
        "resources/handbook/([a-z-]+\\.md)(?:, \"([^\"]+)\"(?:(?:, | and |, and )\"([^\"]+)\")?)?");
    std::vector<std::string> dead;
    auto matches = citation.globalMatch(running(file.text));
    while (matches.hasNext()) {
        const QRegularExpressionMatch match = matches.next();
        const std::string name = match.captured(1).toStdString(), page = read(kHandbook + name);
        if (page.empty()) dead.push_back(file.path + " cites " + name + ", which the handbook does not have");
        for (const int group : {2, 3}) {
            const std::string heading = match.captured(group).toStdString();
            if (page.empty() || heading.empty() || hasHeading(page, heading)) continue;
            dead.push_back(file.path + " cites " + name + ", \"" + heading + "\", which is no heading there");
        }
    }
    return dead;
}

}  // namespace fm::arch
