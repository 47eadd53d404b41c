// Every verb of the program: one function in verb_<name>.cpp that adds it to the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "app/cli/cli_context.h"

namespace fm::cli {

void addInspectVerb(CLI::App& app, CliContext& cli);
void addTokenizeVerb(CLI::App& app, CliContext& cli);
void addLogitsVerb(CLI::App& app, CliContext& cli);
void addPretrainVerb(CLI::App& app, CliContext& cli);
void addAlignVerb(CLI::App& app, CliContext& cli);
void addGatesVerb(CLI::App& app, CliContext& cli);
void addPlanVerb(CLI::App& app, CliContext& cli);
void addProbeVerb(CLI::App& app, CliContext& cli);
void addSelectVerb(CLI::App& app, CliContext& cli);
void addInteractVerb(CLI::App& app, CliContext& cli);
void addJudgeVerb(CLI::App& app, CliContext& cli);
void addDistillVerb(CLI::App& app, CliContext& cli);
void addEvalVerb(CLI::App& app, CliContext& cli);
void addExportVerb(CLI::App& app, CliContext& cli);
void addCompareVerb(CLI::App& app, CliContext& cli);
void addDemoVerb(CLI::App& app, CliContext& cli);
// Two implementations, one chosen by CMake: serve/verb_serve.cpp (FM_WITH_HDF5) and serve/verb_serve_absent.cpp.
void addServeVerb(CLI::App& app, CliContext& cli);
void addRunVerb(CLI::App& app, CliContext& cli);
void addRunsVerb(CLI::App& app, CliContext& cli);
void addVerifyVerb(CLI::App& app, CliContext& cli);
void addBenchVerb(CLI::App& app, CliContext& cli);

}  // namespace fm::cli
