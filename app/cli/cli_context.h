// What every verb shares: the global options, the action chosen on the command line, and the table of jobs.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace fm::cli {

struct GlobalOptions {
    bool json = false;            // results as one JSON value on stdout
    bool quiet = false;           // no progress and no remarks on stderr; errors still
    std::string study;            // study folder, "" = none given
    std::string teacher;          // model a new study is made around, "" = none given
    std::string text;             // text of the study: a folder or a .txt file, "" = as it is
    std::string chat;             // form of the study's prompts: "base" or "chat", "" = as it is
    std::string device = "auto";  // "auto", "cpu", "cuda" or "cuda:N"
    int threads = 0;              // CPU threads, 0 = LibTorch's choice
};

struct Job;

// Lives for the whole program; verbs keep references to it.
struct CliContext {
    CliContext();
    ~CliContext();

    GlobalOptions global;
    std::function<int()> action;      // set by the verb that was given; run once, after parsing
    std::map<std::string, Job> jobs;  // by name: what `flashmorph run SPEC.json` and `serve` can run
};

// Exit codes of the program (DESIGN 8).
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitCancelled = 130;

}  // namespace fm::cli
