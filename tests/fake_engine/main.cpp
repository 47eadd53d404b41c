// fake_engine [--script NAME] [--steps N] [--rate ROWS_PER_S] [--runs FOLDER]: speaks the protocol, computes nothing.
// Scripts: normal; flood (10 kHz); stall (answers initialize, then nothing); garbage (lines that are no messages in
// between); crash (kills itself at half of a run); version (speaks another protocol); rows-only (gives no log or
// states).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/rpc/pipe_io.h"
#include "tests/fake_engine/fake_service.h"

namespace {

using namespace fm;

struct Options {
    std::string script = "normal";
    std::string runs;
    fake::FakeRunOptions run;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i], value = argv[i + 1];
        if (name == "--script") options.script = value;
        if (name == "--runs") options.runs = value;
        if (name == "--steps") options.run.steps = std::atoll(value.c_str());
        if (name == "--rate") options.run.rows_per_s = std::atof(value.c_str());
    }
    if (options.script == "flood") options.run.rows_per_s = 10000;
    if (options.script == "crash") options.run.crash_at = options.run.steps / 2;
    return options;
}

int play(const Options& options) {
    std::signal(SIGPIPE, SIG_IGN);
    rpc::Outbox outbox;
    rpc::Server server(outbox);
    fake::FakeService service(options.run, options.runs, outbox);
    service.addHandlers(server);
    rpc::LineReader input(STDIN_FILENO);
    std::thread writer([&] { rpc::writeLines(STDOUT_FILENO, outbox); });
    std::thread reader([&] {
        int heard = 0;
        input.read([&](std::string_view line, bool too_long) {
            if (options.script == "stall" && heard++ > 0) return;
            if (options.script == "version") {
                outbox.push(rpc::errorLine(1, rpc::RpcError(rpc::ErrorCode::ProtocolMismatch,
                                                            "this engine speaks protocol 99, the client 1; install the "
                                                            "same version of both programs")));
                return;
            }
            if (options.script == "garbage") {
                outbox.push("Last login: today");
                outbox.push("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"run\":7}}");
                outbox.push(std::string(300, '['));
                outbox.push("\xff\xfe\x00 binary");
            }
            if (options.script == "rows-only" && line.find("\"events_") != line.npos) {
                outbox.push(rpc::errorLine(nlohmann::json::parse(line)["id"],
                                           rpc::RpcError(rpc::ErrorCode::InputProblems, "table: there is none")));
                return;
            }
            server.handleLine(line, too_long);
        });
        service.close();
    });
    std::fprintf(stderr, "[fake] script %s\n", options.script.c_str());
    service.run();
    service.finish();
    outbox.close();
    input.stop();
    reader.join();
    writer.join();
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return play(parse(argc, argv)); }
