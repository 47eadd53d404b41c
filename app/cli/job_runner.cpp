#include "app/cli/job_runner.h"

#include <unistd.h>

#include <filesystem>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/run_file.h"
#include "app/cli/terminal_sink.h"

namespace fm::cli {

namespace {

// Says how the run ended in its file. A sink that cannot store that either must not hide the first failure.
void closeRun(JobContext& context, const std::exception_ptr& error) {
    if (context.header().run_id.empty()) return;  // failed before there was a run
    const Failure failure = describe(error);
    const bool cancelled = failure.exit_code == kExitCancelled;
    try {
        context.state(cancelled ? RunState::Cancelled : RunState::Failed, failure.text + failure.problems_text);
    } catch (const std::exception& second) {
        std::fprintf(stderr, "flashmorph: the run file does not say so: %s\n", second.what());
    }
}

}  // namespace

std::string runsFolder(const GlobalOptions& global) {
    return global.study.empty() ? std::string() : (std::filesystem::path(global.study) / "runs").string();
}

int runJob(const GlobalOptions& global, const std::string& runs_folder, const JobBody& body) {
    RunControl control;
    TerminalSink terminal(stderr, isatty(STDERR_FILENO) != 0, global.quiet);
    std::unique_ptr<EventSink> file;
    std::vector<EventSink*> sinks;
    if (!runs_folder.empty()) {
        file = makeRunFileSink(runs_folder);
        sinks.push_back(file.get());  // first: what cannot be stored is not shown as done
    }
    sinks.push_back(&terminal);
    JobContext context(control, sinks);
    const InterruptGuard interrupts(control);
    try {
        const JobOutcome outcome = body(context);
        if (!context.header().run_id.empty()) context.state(RunState::Finished);
        printResult(global, outcome.json, outcome.text);
        return kExitDone;
    } catch (...) {
        const std::exception_ptr error = std::current_exception();
        closeRun(context, error);
        return reportFailure(global, error);
    }
}

}  // namespace fm::cli
