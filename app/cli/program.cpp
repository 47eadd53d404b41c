#include "app/cli/program.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/model/device.h"

namespace fm::cli {

namespace {

constexpr int kMaxThreads = 1024;

std::string versionText() {
    const std::string& reason = gpuPluginReason();
    return std::string("flashmorph ") + FM_VERSION + "\nGPU plug-in: " + (reason.empty() ? "loaded" : reason);
}

void addGlobalOptions(CLI::App& app, GlobalOptions& global) {
    app.add_flag("--json", global.json, "print the result as one JSON value on standard output");
    app.add_flag("--quiet", global.quiet, "no progress on standard error");
    app.add_option("--study", global.study, "the study folder to work in");
    app.add_option("--teacher", global.teacher, "model folder or .gguf file; makes the study where there is none yet");
    app.add_option("--text", global.text,
                   "text for haystacks and training: a folder of .txt or .jsonl files, or one file");
    app.add_option("--chat", global.chat,
                   "form of the study's prompts: base (plain text) or chat (the teacher's own chat template)")
        ->check(CLI::IsMember({"base", "chat"}));
    app.add_option("--device", global.device, "cpu, cuda, cuda:N or auto (a GPU when there is one)")
        ->capture_default_str();
    app.add_option("--threads", global.threads, "CPU threads; 0 leaves the choice to LibTorch")
        ->check(CLI::Range(0, kMaxThreads))
        ->capture_default_str();
}

void addVerbs(CLI::App& app, CliContext& cli) {
    addInspectVerb(app, cli);
    addTokenizeVerb(app, cli);
    addLogitsVerb(app, cli);
    addJobVerbs(app, cli);
    addPlanVerb(app, cli);
    addCompareVerb(app, cli);
    addDemoVerb(app, cli);
    addServeVerb(app, cli);
    addRunVerb(app, cli);
    addRunsVerb(app, cli);
    addVerifyVerb(app, cli);
    addBenchVerb(app, cli);
}

// CLI11 stops at the first mistake it sees, before --json may have been read.
int reportUsage(const CLI::App& app, const CLI::ParseError& error, bool json) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
        return app.exit(error);  // --help, --version
    std::string text = error.what();
    const std::vector<std::string> words = app.remaining();
    const auto verb = std::find_if(words.begin(), words.end(), [](const std::string& word) { return word[0] != '-'; });
    if (app.get_subcommands().empty() && verb != words.end()) text = "there is no verb " + *verb;
    std::fprintf(stderr, "flashmorph: %s\nRun with --help for all verbs and options.\n", text.c_str());
    if (json) std::puts(dumpJson({{"error", {{"kind", "usage"}, {"text", text}}}}).c_str());
    return kExitBadInput;
}

int parseAndRun(int argc, const char* const* argv, CliContext& cli) {
    CLI::App app("FlashMorph Workbench: choose which layers of a Transformer keep full attention", "flashmorph");
    app.set_version_flag("--version", versionText);
    app.require_subcommand(1);
    app.fallthrough();  // global options may stand after the verb
    addGlobalOptions(app, cli.global);
    addVerbs(app, cli);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
        return reportUsage(app, error, json);
    }
    return cli.action();
}

}  // namespace

int runProgram(int argc, const char* const* argv) noexcept {
    CliContext cli;
    try {
        return parseAndRun(argc, argv, cli);
    } catch (...) {
        return reportFailure(cli.global, std::current_exception());
    }
}

}  // namespace fm::cli
