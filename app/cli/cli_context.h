// What every verb shares: the global options, the action chosen on the command line, and how jobs print.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"

namespace fm::cli {

// What every verb takes: where it works, and how it prints.
struct GlobalOptions : WorkplaceOptions {
    bool json = false;   // results as one JSON value on stdout
    bool quiet = false;  // no progress and no remarks on stderr; errors still
};

// What a job found, as text for people; ends in a newline.
using JobPrinter = std::function<std::string(const JobOutcome& outcome)>;

// Lives for the whole program; verbs keep references to it.
struct CliContext {
    GlobalOptions global;
    std::function<int()> action;                 // set by the verb that was given; run once, after parsing
    std::map<std::string, JobPrinter> printers;  // by the name of the job
};

// Exit codes of the program.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitCancelled = 130;

}  // namespace fm::cli
