// Runs one job for a person at a terminal: Ctrl-C, a progress line, a message for what went wrong, the exit code.
#pragma once

#include <string>

#include "app/cli/cli_context.h"
#include "core/jobs/job_table.h"

namespace fm::cli {

// `printer` may be empty: the job then prints nothing.
int runJob(const GlobalOptions& global, const RunPlace& place, const JobBody& body, const JobPrinter& printer);

// Runs a job of the table; InputError for what is wrong with `spec`.
int startJob(const CliContext& cli, const Job& job, const nlohmann::json& spec, const std::string& resume_id);

}  // namespace fm::cli
