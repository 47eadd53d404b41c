// Splits a command line such as `ssh host flashmorph serve` into words, as a shell would, without starting a shell.
#pragma once

#include <QString>
#include <QStringList>
#include <optional>

namespace fm {

// Words end at spaces; '...' and "..." keep them; a backslash keeps the next character, except inside '...'.
// Nothing is expanded. No value when a quote is not closed.
std::optional<QStringList> commandWords(const QString& command);

// The HOST of `ssh [OPTIONS] HOST ...`; empty when the words are another command.
QString sshHost(const QStringList& words);

}  // namespace fm
