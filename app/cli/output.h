// Where results and errors go: results on stdout, everything else on stderr.
#pragma once

#include <exception>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/cli/cli_context.h"
#include "core/jobs/failure.h"

namespace fm::cli {

// What a verb found: `json` for --json, `text` for people (ends in a newline, or empty).
void printResult(const GlobalOptions& global, const nlohmann::json& json, const std::string& text);

int exitCodeOf(FailureKind kind);

// Prints the failure (with --json also as {"error": {...}} on stdout) and returns its exit code.
int reportFailure(const GlobalOptions& global, const std::exception_ptr& error);

// JSON text that never throws: broken UTF-8 becomes U+FFFD.
std::string dumpJson(const nlohmann::json& json);

}  // namespace fm::cli
