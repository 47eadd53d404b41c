// Starts the real program as a user would.
#pragma once

#include <QByteArray>
#include <QStringList>
#include <string>

#include <nlohmann/json.hpp>

namespace fm::testing {

struct ProgramRun {
    int exit_code = -1;  // -1: it crashed or did not end in time
    QByteArray out;
    QByteArray err;

    nlohmann::json json() const { return nlohmann::json::parse(out.toStdString(), nullptr, false); }
};

ProgramRun runFlashmorph(const QStringList& arguments, const QByteArray& standard_input = {});

// For comparisons: Qt Test cannot print the JSON type.
inline std::string text(const nlohmann::json& json) { return json.dump(); }

// Path of a file under tests/fixtures.
QString fixture(const QString& name);

// "field: value" of every problem in the {"error": {"problems": ...}} that --json prints, sorted.
QStringList problemFields(const ProgramRun& run);

}  // namespace fm::testing
