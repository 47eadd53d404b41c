// Every verb of the program: one function in verb_<name>.cpp that adds it to the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "app/cli/cli_context.h"

namespace fm::cli {

void addInspectVerb(CLI::App& app, CliContext& cli);
void addTokenizeVerb(CLI::App& app, CliContext& cli);
void addLogitsVerb(CLI::App& app, CliContext& cli);
void addJobVerbs(CLI::App& app, CliContext& cli);  // verb_jobs.cpp: every job of the table
void addPlanVerb(CLI::App& app, CliContext& cli);
void addCompareVerb(CLI::App& app, CliContext& cli);
void addDemoVerb(CLI::App& app, CliContext& cli);
void addServeVerb(CLI::App& app, CliContext& cli);
void addRunVerb(CLI::App& app, CliContext& cli);
void addRunsVerb(CLI::App& app, CliContext& cli);
void addVerifyVerb(CLI::App& app, CliContext& cli);
void addBenchVerb(CLI::App& app, CliContext& cli);

}  // namespace fm::cli
