#include "core/jobs/job_runner.h"

#include <algorithm>
#include <filesystem>

#include <torch/headeronly/version.h>

#include "core/base/error.h"
#include "core/engine/job_checkpoint.h"
#include "core/jobs/failure.h"
#include "core/run/run_id.h"
#include "core/store/run_report.h"
#include "core/store/study.h"
#include "kernels/cpu/kernel_path.h"

namespace fm {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckpointSuffix = ".state.safetensors";

std::string storedRunPath(const RunPlace& place) {
    const std::string path = isRunId(place.resume_id) ? findRunFile(place.runs_folder, place.resume_id) : std::string();
    if (path.empty()) {
        throw InputError({"resume", place.resume_id, "the id of a run of the study (`flashmorph runs list`)"});
    }
    return path;
}

// Says how the run ended in its file. A sink that cannot store that either must not hide the first failure.
void recordFailure(JobContext& context, const std::exception_ptr& error) {
    if (context.header().run_id.empty()) return;  // failed before there was a run
    const Failure failure = describe(error);
    const bool cancelled = failure.kind == FailureKind::Cancelled;
    try {
        context.state(cancelled ? RunState::Cancelled : RunState::Failed, failure.text + failure.problemsText());
    } catch (const std::exception& second) {
        std::fprintf(stderr, "flashmorph: the run file does not say so: %s\n", second.what());
    }
}

void recordSuccess(JobContext& context, const JobFiles& files) {
    if (!context.header().run_id.empty()) context.state(RunState::Finished);
    std::error_code ignored;  // there may be none
    if (!files.checkpoint_path.empty()) fs::remove(files.checkpoint_path, ignored);
}

// Rows of each table that the checkpoint counts on. A checkpoint is removed, and `warning` says so, when it is damaged,
// belongs to another run, or counts on rows that were lost with the machine: the run then starts from its beginning,
// which gives the same numbers.
std::vector<std::int64_t> rowsOfCheckpoint(const RunReport& report, const JobFiles& files, std::string& warning) {
    const std::vector<std::int64_t> none(report.rows.size(), 0);
    try {
        const std::optional<JobCheckpoint> checkpoint = loadJobCheckpoint(files.checkpoint_path);
        if (!checkpoint) return none;
        requireBelongs(*checkpoint, report.header);
        for (std::size_t i = 0; i < none.size(); ++i) requireRows(*checkpoint, i, 0, report.rows[i]);
        return checkpoint->rows;
    } catch (const CheckpointError& error) {
        warning = std::string("[resume] ") + error.what() + ", so it was removed";
        fs::remove(files.checkpoint_path);
        return none;
    }
}

}  // namespace

RunOpened runHeader(const JobFiles& files, const std::string& job, const nlohmann::json& spec) {
    RunOpened header;
    header.run_id = files.run_id;
    header.job = job;
    header.spec_json = spec.dump();
    header.software = std::string("flashmorph ") + FM_VERSION + ", LibTorch " + std::to_string(TORCH_VERSION_MAJOR) +
                      "." + std::to_string(TORCH_VERSION_MINOR) + "." + std::to_string(TORCH_VERSION_PATCH) +
                      ", kernels " + kernels::toString(kernels::kernelPath());
    return header;
}

nlohmann::json storedSpec(const RunPlace& place) {
    const RunOpened header = readRunFile(storedRunPath(place)).header;
    if (header.job != place.job) {
        throw InputError({"resume", place.resume_id, "a run of the job " + place.job + "; this one is " + header.job});
    }
    nlohmann::json spec = nlohmann::json::parse(header.spec_json, nullptr, false);
    if (!spec.is_object()) throw FormatError(place.resume_id + ": spec_json: is not a JSON object");
    return spec;
}

JobFiles jobFiles(const RunPlace& place) {
    JobFiles files;
    if (!place.resume_id.empty()) storedRunPath(place);
    const std::string newest = newestRunId(place.runs_folder);
    files.run_id = place.resume_id.empty() ? makeRunId(place.job, newest) : place.resume_id;
    files.clock_warning = clockWarning(newest);
    if (!place.runs_folder.empty()) {
        files.checkpoint_path = (fs::path(place.runs_folder) / (files.run_id + kCheckpointSuffix)).string();
    }
    return files;
}

// Rows that the checkpoint does not cover are cut off; without a checkpoint the run starts from its beginning.
PreparedRun prepareRun(const RunPlace& place, const JobFiles& files) {
    PreparedRun run{files, nullptr, {}, {}};
    if (place.runs_folder.empty()) return run;
    removeStudyLeftovers(fs::path(place.runs_folder).parent_path().string());
    if (place.resume_id.empty()) {
        run.file = makeRunFileSink(place.runs_folder);
        return run;
    }
    const std::string path = storedRunPath(place);
    WriterLock lock(path);  // before anything is read: two programs may resume a run at the same moment
    const RunReport report = readRunFile(path);
    if (report.status == toString(RunState::Finished)) {
        throw InputError({"resume", place.resume_id, "a run that was stopped or killed; this one has finished"});
    }
    run.rows = rowsOfCheckpoint(report, files, run.warning);
    std::map<std::string, std::int64_t> rows_to_keep;
    for (std::size_t i = 0; i < run.rows.size(); ++i) rows_to_keep[report.header.tables[i].name] = run.rows[i];
    run.file = resumeRunFileSink(std::move(lock), rows_to_keep);
    return run;
}

JobEnd runPrepared(PreparedRun run, RunControl& control, const std::vector<EventSink*>& watchers, const JobBody& body) {
    std::vector<EventSink*> sinks;
    if (run.file) sinks.push_back(run.file.get());
    sinks.insert(sinks.end(), watchers.begin(), watchers.end());
    JobContext context(control, sinks);
    context.warnWhenOpened(run.files.clock_warning);
    context.warnWhenOpened(run.warning);
    JobEnd end;
    try {
        end.outcome = body(context, run.files);
        recordSuccess(context, run.files);
        if (run.file) run.file->close();
    } catch (const CheckpointError& error) {  // not found out before the run began
        end.error = std::make_exception_ptr(
            FormatError(std::string(error.what()) + ", so it was removed: resume the run once more"));
        std::error_code ignored;
        fs::remove(run.files.checkpoint_path, ignored);
        recordFailure(context, end.error);
    } catch (...) {
        end.error = std::current_exception();
        recordFailure(context, end.error);
    }
    return end;
}

}  // namespace fm
