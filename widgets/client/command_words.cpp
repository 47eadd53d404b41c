#include "widgets/client/command_words.h"

#include <QFileInfo>

namespace fm {

std::optional<QStringList> commandWords(const QString& command) {
    QStringList words;
    QString word;
    QChar quote;
    bool in_word = false;  // "" is a word, too
    for (qsizetype i = 0; i < command.size(); ++i) {
        const QChar c = command[i];
        if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
            word += command[++i];
            in_word = true;
        } else if (!quote.isNull()) {
            if (c == quote)
                quote = QChar();
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            in_word = true;
        } else if (c.isSpace()) {
            if (in_word) words << word;
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (!quote.isNull()) return std::nullopt;
    if (in_word) words << word;
    return words;
}

QString sshHost(const QStringList& words) {
    const QString with_value = QStringLiteral("bcDEeFIiJLlmOopQRSWw");  // ssh(1)
    if (words.isEmpty() || QFileInfo(words[0]).fileName() != QStringLiteral("ssh")) return {};
    for (qsizetype i = 1; i < words.size(); ++i) {
        const QString& word = words[i];
        if (!word.startsWith('-')) return word;
        if (word.size() == 2 && with_value.contains(word[1])) ++i;  // the value is the next word
    }
    return {};
}

}  // namespace fm
