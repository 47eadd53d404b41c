#include "widgets/client/command_words.h"

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

}  // namespace fm
