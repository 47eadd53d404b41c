// Runs one job for the command line: control, Ctrl-C, run file, progress line, resuming, exit code.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "app/cli/cli_context.h"
#include "core/run/job_context.h"

namespace fm::cli {

// Where a run is to be kept. Without a study `runs_folder` is "": nothing is stored and nothing can be resumed.
struct RunPlace {
    std::string job;
    std::string runs_folder;
    std::string resume_id;  // the stopped or killed run to go on with; "" = a new run
};

// The names a job works under.
struct JobFiles {
    std::string run_id;           // for RunOpened
    std::string checkpoint_path;  // what the job saves to go on from; "" = it must not; removed when the run finishes
};

// What a job leaves for stdout: `json` under --json, else `text`.
struct JobOutcome {
    nlohmann::json json;
    std::string text;
};
using JobBody = std::function<JobOutcome(JobContext&, const JobFiles&)>;

// Folder in which the study keeps its run files; "" without a study.
std::string runsFolder(const GlobalOptions& global);

// Header with id, job, spec and software filled in; the body adds device, teacher, parents and tables.
RunOpened runHeader(const JobFiles& files, const std::string& job, const nlohmann::json& spec);

// The spec a stored run was made with. Throws InputError when the folder has no such run of that job.
nlohmann::json storedSpec(const RunPlace& place);

// The body calls context.open() before its first event and returns when the job is done; whatever it throws becomes
// the run's last state (Cancelled, Failed), a message and the exit code. Thread: the job runs on the calling thread.
int runJob(const GlobalOptions& global, const RunPlace& place, const JobBody& body);

}  // namespace fm::cli
