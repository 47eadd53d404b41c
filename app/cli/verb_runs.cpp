// flashmorph runs list | show | import: the run files of a study.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/jobs/job_runner.h"
#include "core/store/run_record.h"
#include "core/store/run_report.h"

namespace fm::cli {

namespace {

namespace fs = std::filesystem;

std::string requiredRunsFolder(const GlobalOptions& global) {
    const std::string folder = runsFolder(global);
    if (folder.empty()) throw InputError({"study", "", "--study FOLDER, the study whose runs are meant"});
    if (!fs::is_directory(folder)) throw InputError({"study", global.study, "a study folder (it has a folder `runs`)"});
    return folder;
}

std::vector<std::string> runFiles(const std::string& folder) {
    std::vector<std::string> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && isRunFile(entry.path().string())) files.push_back(entry.path().string());
    }
    const std::set<std::string> all(files.begin(), files.end());
    std::erase_if(files, [&all](const std::string& file) {  // a record that has been imported
        const fs::path imported = fs::path(file).replace_extension(".h5");
        return imported != file && all.contains(imported.string());
    });
    std::sort(files.begin(), files.end());  // run ids begin with the time
    return files;
}

// A damaged file is listed with what is wrong, so that it does not hide the others.
nlohmann::json listEntry(const std::string& file) {
    try {
        nlohmann::json entry = briefJson(readRunFile(file));
        entry["file"] = file;
        return entry;
    } catch (const std::exception& error) {
        return {{"id", fs::path(file).stem().string()}, {"file", file}, {"error", error.what()}};
    }
}

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

int listRuns(const GlobalOptions& global) {
    nlohmann::json runs = nlohmann::json::array();
    std::string text;
    for (const std::string& file : runFiles(requiredRunsFolder(global))) {
        runs.push_back(listEntry(file));
        const nlohmann::json& run = runs.back();
        text += padded(run["id"].get<std::string>(), 40);
        text += run.contains("error") ? run["error"].get<std::string>()
                                      : padded(run["status"].get<std::string>(), 10) + run["rows"].dump() + " rows";
        text += "\n";
    }
    printResult(global, {{"runs", runs}}, text.empty() ? "no runs yet\n" : text);
    return kExitDone;
}

// A path, or the id of a run of the study.
std::string findRun(const GlobalOptions& global, const std::string& run) {
    if (fs::is_regular_file(run)) return run;
    if (!global.study.empty()) {
        for (const std::string& file : runFiles(requiredRunsFolder(global))) {
            if (fs::path(file).stem() == run) return file;
        }
    }
    throw InputError({"RUN", run, "a run file, or with --study the id of one of its runs (`flashmorph runs list`)"});
}

int showRun(const GlobalOptions& global, const std::string& run) {
    const nlohmann::json json = fullJson(readRunFile(findRun(global, run)));
    std::string text;
    for (const char* key :
         {"id", "job", "status", "status_text", "device", "software", "teacher_hash", "chat_family"}) {
        text += padded(key, 14) + json[key].get<std::string>() + "\n";
    }
    text += "spec          " + json["spec"].dump() + "\n";
    for (const nlohmann::json& table : json["tables"]) {
        text += "table " + table["name"].get<std::string>() + ", " + table["rows"].dump() + " rows\n";
        for (const nlohmann::json& column : table["columns"]) {
            const std::string unit = column["unit"].get<std::string>();
            text += "  " + padded(column["path"].get<std::string>(), 32) +
                    column.value("last", nlohmann::json()).dump() + (unit.empty() ? "" : " " + unit) + "\n";
        }
    }
    printResult(global, json, text);
    return kExitDone;
}

int importFiles(const GlobalOptions& global, const std::vector<std::string>& files) {
    std::vector<Problem> problems;
    for (const std::string& file : files) {
        if (!fs::is_regular_file(file)) problems.push_back({"FILE", file, "a .jsonl file of a run"});
    }
    if (global.study.empty()) problems.push_back({"study", "", "--study FOLDER, the study that receives the runs"});
    if (!problems.empty()) throw InputError(problems);
    nlohmann::json made = nlohmann::json::array();
    std::string text;
    for (const std::string& file : files) {
        made.push_back(importRun(file, runsFolder(global)));
        text += made.back().get<std::string>() + "\n";
    }
    printResult(global, {{"files", made}}, text);
    return kExitDone;
}

}  // namespace

void addRunsVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand("runs", "list, show and import the run files of a study");
    verb->require_subcommand(1);
    CLI::App* list = verb->add_subcommand("list", "all runs of a study, oldest first");
    list->callback([&cli] { cli.action = [&cli] { return listRuns(cli.global); }; });

    const auto argument = std::make_shared<std::string>();
    CLI::App* show = verb->add_subcommand("show", "one run: spec, state, and the last value of every series");
    show->add_option("RUN", *argument, "run file, or a run's id together with --study")->required();
    show->callback([&cli, argument] { cli.action = [&cli, argument] { return showRun(cli.global, *argument); }; });

    const auto files = std::make_shared<std::vector<std::string>>();
    CLI::App* import_verb =
        verb->add_subcommand("import", "turn the JSON lines of an engine without HDF5 into run files");
    import_verb->add_option("FILE", *files, "the .jsonl files")->required();
    import_verb->callback([&cli, files] { cli.action = [&cli, files] { return importFiles(cli.global, *files); }; });
}

}  // namespace fm::cli
