// A study around a teacher of three layers that the test makes itself: jobs on it take a fraction of a second.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>

#include <string>

#include "core/store/run_reader.h"

namespace fm::testing {

class TinyStudy {
public:
    // Teacher folder and text; no study yet. Throws what the writers throw.
    TinyStudy();

    QString path(const QString& name = {}) const { return folder_.filePath("study/" + name); }
    QString runPath(const std::string& run_id) const { return path("runs/" + QString::fromStdString(run_id) + ".h5"); }
    QString teacher() const { return folder_.filePath("teacher"); }
    // Options of every command: study, teacher, text, one thread, JSON.
    QStringList options() const;
    QStringList runIds() const;  // in order of time

private:
    QTemporaryDir folder_;
};

QByteArray fileContent(const QString& path);  // empty when it cannot be read
// Names and bytes of all files in a folder but `left_out`, one after the other.
QByteArray folderContent(const QString& path, const QStringList& left_out = {});

// What differs between the first `rows` rows of every table of two runs, bit for bit, wall times left out; "" when
// nothing does. `rows` by table; a longer table than asked for is a difference only with `all`.
std::string rowDifference(const RunReader& run, const RunReader& expected, bool all);

}  // namespace fm::testing
