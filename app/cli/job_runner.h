// Runs one job for the command line: control, Ctrl-C, run file, progress line, exit code.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "app/cli/cli_context.h"
#include "core/run/job_context.h"

namespace fm::cli {

// What a job leaves for stdout: `json` under --json, else `text`.
struct JobOutcome {
    nlohmann::json json;
    std::string text;
};
using JobBody = std::function<JobOutcome(JobContext&)>;

// Folder in which the study keeps its run files; "" without a study, and then no run file is written.
std::string runsFolder(const GlobalOptions& global);

// The body calls context.open() before its first event and returns when the job is done; whatever it throws becomes
// the run's last state (Cancelled, Failed), a message and the exit code. Thread: the job runs on the calling thread.
int runJob(const GlobalOptions& global, const std::string& runs_folder, const JobBody& body);

}  // namespace fm::cli
