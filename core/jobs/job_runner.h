// Runs one job: run file, last state, resuming.
#pragma once

#include <any>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/run/job_context.h"
#include "core/store/run_record.h"

namespace fm {

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
    std::string clock_warning;    // for the run's log; "" = the clock is fine
};

// What a job found.
struct JobOutcome {
    nlohmann::json json;
    std::any result;       // the same as the job's own type: AlignOutcome, GatesOutcome, ...
    bool refused = false;  // the job did its work, and the answer is no
};
using JobBody = std::function<JobOutcome(JobContext&, const JobFiles&)>;

// Header with id, job, spec and software filled in; the body adds device, teacher, parents and tables.
RunOpened runHeader(const JobFiles& files, const std::string& job, const nlohmann::json& spec);

// The spec a stored run was made with. Throws InputError when the folder has no such run of that job.
nlohmann::json storedSpec(const RunPlace& place);

// The run's id and checkpoint path, a new id unless it is resumed. InputError when there is no such run.
JobFiles jobFiles(const RunPlace& place);

// A run about to begin, with its file (none when `place` has no folder), which nobody else may write from now on.
struct PreparedRun {
    JobFiles files;
    std::unique_ptr<RunFileSink> file;
    std::vector<std::int64_t> rows;  // of a resumed run: those its tables keep
    std::string warning;             // for its log: why a resumed run starts from its beginning
};
// WorldError when another program writes the run.
PreparedRun prepareRun(const RunPlace& place, const JobFiles& files);

struct JobEnd {
    JobOutcome outcome;
    std::exception_ptr error;  // what ended the job early
};
// The body calls context.open() before its first event and returns when the job is done; whatever it throws becomes
// the run's last state (Cancelled, Failed). Events go to the run file first: what cannot be stored is not shown as
// done. Thread: the job runs on the calling thread.
JobEnd runPrepared(PreparedRun run, RunControl& control, const std::vector<EventSink*>& watchers, const JobBody& body);

}  // namespace fm
