// flashmorph serve: the engine behind the window, a notebook or an ssh connection (core/rpc/README.md).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <thread>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/terminal_sink.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/jobs/workplace.h"
#include "core/rpc/pipe_io.h"
#include "core/serve/service.h"

namespace fm::cli {

namespace {

rpc::RpcError translate(const std::exception_ptr& error) {
    const rpc::RpcError known = rpc::translateError(error);
    if (known.code() != rpc::ErrorCode::Internal) return known;
    return {rpc::ErrorCode::WorldFailure, describe(error).text};  // LibTorch's, without its backtrace
}

// Standard output carries the protocol and nothing else: whoever prints to it by mistake prints to standard error.
int takeStandardOutput() {
    const int protocol = ::dup(STDOUT_FILENO);
    if (protocol < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        throw WorldError("standard output is closed; serve answers there");
    return protocol;
}

int serve(const CliContext& cli) {
    std::signal(SIGPIPE, SIG_IGN);
    const int out = takeStandardOutput();
    prepareCompute(cli.global);
    rpc::Outbox outbox;
    rpc::Server server(outbox, translate);
    TerminalSink warnings(stderr, /*rewrite=*/false, /*quiet=*/true);
    Service service(cli.global, outbox, &warnings);
    service.addHandlers(server);
    rpc::LineReader input(STDIN_FILENO);
    const InterruptGuard interrupts([&] {
        input.stop();
        service.close();
    });
    std::promise<void> written;
    std::thread writer([&] {
        if (!rpc::writeLines(out, outbox)) {  // nobody reads any more: the same as the end of the input
            outbox.close();
            input.stop();
        }
        written.set_value();
    });
    std::thread reader([&] {
        input.read([&](std::string_view line, bool too_long) {
            outbox.waitForRoom();
            server.handleLine(line, too_long);
            if (service.closing()) input.stop();
        });
        service.close();
    });
    service.run();
    service.finish();
    outbox.close();
    reader.join();
    // Everything is on the disk; a client that does not read its last answers must not hold the process.
    if (written.get_future().wait_for(std::chrono::seconds(5)) != std::future_status::ready) _exit(kExitDone);
    writer.join();
    return kExitDone;
}

}  // namespace

void addServeVerb(CLI::App& app, CliContext& cli) {
    CLI::App* sub = app.add_subcommand(
        "serve", "answer JSON-RPC messages, one a line, on standard input and output: the engine of the window");
    sub->callback([&cli] { cli.action = [&cli] { return serve(cli); }; });
}

}  // namespace fm::cli
