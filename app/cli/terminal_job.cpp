#include "app/cli/terminal_job.h"

#include <unistd.h>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/terminal_sink.h"

namespace fm::cli {

int runJob(const GlobalOptions& global, const RunPlace& place, const JobBody& body, const JobPrinter& printer) {
    RunControl control;
    TerminalSink terminal(stderr, isatty(STDERR_FILENO) != 0, global.quiet);
    PreparedRun run = prepareRun(place, jobFiles(place));
    const InterruptGuard interrupts([&control] { control.stop(); });
    const JobEnd end = runPrepared(std::move(run), control, {&terminal}, body);
    if (end.error) return reportFailure(global, end.error);
    try {
        if (printer) printResult(global, end.outcome.json, printer(end.outcome));
        return end.outcome.refused ? kExitFailed : kExitDone;
    } catch (const WorldError&) {
        return reportFailure(global, std::current_exception());
    }
}

int startJob(const CliContext& cli, const Job& job, const nlohmann::json& spec, const std::string& resume_id) {
    if (job.needs_study && cli.global.study.empty()) {
        throw InputError({"study", "", "--study FOLDER, the study that holds teacher, branches and runs"});
    }
    const nlohmann::json complete = completeSpec(job, spec);
    Workplace workplace(cli.global);
    const auto body = [&](JobContext& context, const JobFiles& files) {
        return job.run(context, files, complete, workplace);
    };
    return runJob(cli.global, {job.name, runsFolder(cli.global), resume_id}, body, cli.printers.at(job.name));
}

}  // namespace fm::cli
