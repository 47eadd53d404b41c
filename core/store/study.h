// A study on disk: one teacher, its branch sets, runs, hybrids and exports, and what was made from what.
//
//   <study>/study.json   branches/<id>.safetensors   runs/<run_id>.h5   hybrids/<id>/   exports/<name>/
//
// The same in a build without HDF5, except that its runs are <run_id>.jsonl until `flashmorph runs import`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/run/event.h"

namespace fm {

class RunReader;

// What the user says about a run or an artifact.
struct Label {
    std::string name;
    std::string notes;
    std::vector<std::string> tags;
    bool operator==(const Label&) const = default;
};

enum class ArtifactKind { BranchSet, Plan, Hybrid, Export };
const char* toString(ArtifactKind kind);  // "branch set", "plan", "hybrid", "export"

// Something a run has made. Plans have no file of their own.
struct Artifact {
    ArtifactKind kind = ArtifactKind::BranchSet;
    std::string path;                  // inside the study: "branches/3fa9c1.safetensors"; empty for plans
    std::string made_by;               // run id; empty when imported
    std::vector<std::string> parents;  // ids of artifacts and runs that went into it
    bool operator==(const Artifact&) const = default;
};

struct StudyInfo {
    std::string name;
    std::string notes;
    std::string teacher_path;                   // absolute, or relative to the study
    std::string teacher_hash;                   // content hash of the teacher (core/base/hash.h)
    std::string text_path;                      // text for haystacks and alignment; empty: none
    bool chat = false;                          // prompts in the chat form of the teacher's family; false: plain text
    std::map<std::string, Label> labels;        // by run or artifact id
    std::map<std::string, Artifact> artifacts;  // by id
    bool operator==(const StudyInfo&) const = default;
};

// One run file, as a list shows it. `problem` is not empty when it cannot be read; then only path and run_id are set.
struct RunSummary {
    std::string path;
    std::string run_id;
    std::string problem;
    std::string job;
    std::string spec_json;
    std::string device;
    RunState state = RunState::Running;
    bool interrupted = false;  // neither at its end nor being written
    std::vector<std::string> parents;
    std::map<std::string, std::int64_t> rows;  // by table name
};
RunSummary summarizeRun(const std::string& path);    // never throws for what is in the file
RunSummary summarizeRun(const RunReader& reader);    // of a file that is open already; only in builds with HDF5
RunSummary readRunSummary(const std::string& path);  // throws FormatError, WorldError; beside openRecordedRun()
RunSummary summaryOf(const RunOpened& header);       // what a header says: no path, rows or state

// Removes what killed processes have left half-made in a study. Never throws; what is no study is left alone.
void removeStudyLeftovers(const std::string& folder);

// The same text on two sides that see the very same folder, and on no others: machine (as long as it runs), device and
// inode. Empty when it cannot be told.
std::string folderPlace(const std::string& folder);

// One thing on the way from the teacher to an export. `kind`: "teacher", "run", an artifact's kind, or "missing".
struct LineageNode {
    std::string id;
    std::string kind;
    std::vector<std::string> parents;
};

// Thread: one at a time. Several processes may change one study: see update().
class Study {
public:
    // Makes the folders and study.json. WorldError when there is a study already, or the disk refuses.
    static Study create(const std::string& folder, const StudyInfo& info);
    // FormatError naming study.json and the key when its content is not a study's.
    static Study open(const std::string& folder);

    const std::string& folder() const { return folder_; }
    const StudyInfo& info() const { return info_; }
    std::string teacherPath() const;  // absolute, or as given when the study's folder is relative
    std::string runsFolder() const { return folder_ + "/runs"; }
    std::string runPath(const std::string& run_id) const;

    // Reads study.json again, lets `change` edit it, and replaces the file; other processes wait meanwhile.
    void update(const std::function<void(StudyInfo&)>& change);
    void reload();  // reads study.json again: other processes may have changed it

    std::vector<std::string> runPaths() const;  // in order of time
    std::vector<RunSummary> listRuns() const;   // opens every file

    // Ids that `id` was made from: those an artifact names, else those its run names; the teacher's hash for what
    // names none; nothing for the teacher itself.
    std::vector<std::string> parents(const std::string& id) const;
    // `id` and everything it was made from, each once, parents before children: the teacher first, `id` last.
    std::vector<LineageNode> lineage(const std::string& id) const;

private:
    Study(std::string folder, StudyInfo info);
    LineageNode node(const std::string& id) const;

    std::string folder_;
    StudyInfo info_;
};

}  // namespace fm
