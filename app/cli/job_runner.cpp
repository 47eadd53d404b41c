#include "app/cli/job_runner.h"

#include <unistd.h>

#include <filesystem>

#include <torch/headeronly/version.h>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/run_file.h"
#include "app/cli/terminal_sink.h"
#include "core/engine/job_checkpoint.h"
#include "core/run/error.h"
#include "core/run/run_id.h"
#include "kernels/cpu/kernel_path.h"

namespace fm::cli {

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

JobFiles filesOf(const RunPlace& place) {
    JobFiles files;
    files.run_id = place.resume_id.empty() ? makeRunId(place.job) : place.resume_id;
    if (!place.runs_folder.empty()) {
        files.checkpoint_path = (fs::path(place.runs_folder) / (files.run_id + kCheckpointSuffix)).string();
    }
    return files;
}

// Rows that the checkpoint does not cover are cut off; without a checkpoint the run starts from its beginning.
std::unique_ptr<RunFileSink> openSink(const RunPlace& place, const JobFiles& files) {
    if (place.resume_id.empty()) return makeRunFileSink(place.runs_folder);
    const std::string path = storedRunPath(place);
    const std::vector<Table> tables = readRunFile(path).header.tables;
    const std::optional<JobCheckpoint> checkpoint = loadJobCheckpoint(files.checkpoint_path);
    std::map<std::string, std::int64_t> rows_to_keep;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        rows_to_keep[tables[i].name] = checkpoint && i < checkpoint->rows.size() ? checkpoint->rows[i] : 0;
    }
    return resumeRunFileSink(path, rows_to_keep);
}

// Says how the run ended in its file. A sink that cannot store that either must not hide the first failure.
void recordFailure(JobContext& context, const std::exception_ptr& error) {
    if (context.header().run_id.empty()) return;  // failed before there was a run
    const Failure failure = describe(error);
    const bool cancelled = failure.exit_code == kExitCancelled;
    try {
        context.state(cancelled ? RunState::Cancelled : RunState::Failed, failure.text + failure.problems_text);
    } catch (const std::exception& second) {
        std::fprintf(stderr, "flashmorph: the run file does not say so: %s\n", second.what());
    }
}

void recordSuccess(JobContext& context, const JobFiles& files) {
    if (!context.header().run_id.empty()) context.state(RunState::Finished);
    std::error_code ignored;  // there may be none
    if (!files.checkpoint_path.empty()) fs::remove(files.checkpoint_path, ignored);
}

}  // namespace

std::string runsFolder(const GlobalOptions& global) {
    return global.study.empty() ? std::string() : (fs::path(global.study) / "runs").string();
}

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

int runJob(const GlobalOptions& global, const RunPlace& place, const JobBody& body) {
    const JobFiles files = filesOf(place);
    RunControl control;
    TerminalSink terminal(stderr, isatty(STDERR_FILENO) != 0, global.quiet);
    std::unique_ptr<RunFileSink> file;
    std::vector<EventSink*> sinks;
    if (!place.runs_folder.empty()) {
        file = openSink(place, files);
        sinks.push_back(file.get());  // first: what cannot be stored is not shown as done
    }
    sinks.push_back(&terminal);
    JobContext context(control, sinks);
    const InterruptGuard interrupts(control);
    try {
        const JobOutcome outcome = body(context, files);
        recordSuccess(context, files);
        if (file) file->close();
        printResult(global, outcome.json, outcome.text);
        return kExitDone;
    } catch (...) {
        const std::exception_ptr error = std::current_exception();
        recordFailure(context, error);
        return reportFailure(global, error);
    }
}

}  // namespace fm::cli
