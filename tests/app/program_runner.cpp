#include "tests/app/program_runner.h"

#include <QProcess>

namespace fm::testing {

namespace {
constexpr int kTimeoutMs = 60000;
}

ProgramRun runFlashmorph(const QStringList& arguments, const QByteArray& standard_input) {
    QProcess process;
    process.start(FM_PROGRAM, arguments);
    process.write(standard_input);
    process.closeWriteChannel();
    const bool ended = process.waitForFinished(kTimeoutMs);
    ProgramRun run;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    if (ended && process.exitStatus() == QProcess::NormalExit) run.exit_code = process.exitCode();
    return run;
}

QString fixture(const QString& name) { return QString(FM_FIXTURES) + "/" + name; }

QStringList problemFields(const ProgramRun& run) {
    QStringList fields;
    const nlohmann::json json = run.json();
    if (!json.is_object() || !json.contains("error") || !json["error"].contains("problems")) return fields;
    for (const nlohmann::json& problem : json["error"]["problems"]) {
        fields << QString::fromStdString(problem["field"].get<std::string>());
    }
    fields.sort();
    return fields;
}

}  // namespace fm::testing
