// Checks against Python packages, where FM_ORACLE_PYTHON names an interpreter that has them.
#pragma once

#include <QProcess>
#include <QStringList>
#include <QtTest>

namespace fm {

inline QString oraclePython() { return qEnvironmentVariable("FM_ORACLE_PYTHON"); }

inline bool oracleHas(const QString& package) {
    // Looked for and not imported, which takes seconds for some.
    const QString look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('%1') is None)";
    return !oraclePython().isEmpty() && QProcess::execute(oraclePython(), {"-c", look.arg(package)}) == 0;
}

// Standard output of the program; its errors go to ours. Empty when it fails.
inline QString runOraclePython(const QStringList& arguments) {
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(oraclePython(), arguments);
    if (!process.waitForFinished(60000) || process.exitCode() != 0) return {};
    return QString::fromUtf8(process.readAllStandardOutput());
}

}  // namespace fm

#define FM_NEED_ORACLE_PYTHON(package) \
    if (!fm::oracleHas(package)) QSKIP("FM_ORACLE_PYTHON names no Python that has the package " package)
