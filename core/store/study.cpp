#include "core/store/study.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/assert.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/temporary_file.h"
#include "core/run/run_id.h"
#include "core/store/recorded_run.h"
#include "core/store/study_json.h"

namespace fm {

namespace fs = std::filesystem;

static std::string studyFile(const std::string& folder) { return folder + "/study.json"; }

const char* toString(ArtifactKind kind) {
    switch (kind) {
        case ArtifactKind::BranchSet:
            return "branch set";
        case ArtifactKind::Plan:
            return "plan";
        case ArtifactKind::Hybrid:
            return "hybrid";
        case ArtifactKind::Export:
            return "export";
    }
    FM_ASSERT(false, "the kind of artifact has a word");
    return "";
}

static StudyInfo readInfo(const std::string& folder) {
    constexpr std::uintmax_t largest_bytes = std::uintmax_t{64} << 20;
    const std::string path = studyFile(folder);
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(path, error);
    if (error) throw WorldError(path + ": cannot be opened: " + error.message() + "; choose the folder of a study");
    if (bytes > largest_bytes) throw FormatError(path + ": is larger than 64 MiB");
    std::ifstream stream(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    if (stream.bad()) throw WorldError(readErrorText(path, "reading", errno));
    try {
        return studyFromJson(content);
    } catch (const FormatError& problem) {
        throw FormatError(path + ": " + problem.what());
    }
}

// Held while study.json is read, changed and replaced. On the folder, because the file itself is replaced.
class StudyLock {
public:
    explicit StudyLock(const std::string& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (fd_ < 0) throw WorldError(readErrorText(folder, "opening", errno));
        while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    ~StudyLock() { ::close(fd_); }
    StudyLock(const StudyLock&) = delete;
    StudyLock& operator=(const StudyLock&) = delete;

private:
    int fd_;
};

Study::Study(std::string folder, StudyInfo info) : folder_(std::move(folder)), info_(std::move(info)) {}

Study Study::create(const std::string& folder, const StudyInfo& info) {
    if (fs::exists(studyFile(folder)))
        throw WorldError(studyFile(folder) + ": exists already; open that study or choose another folder");
    for (const char* part : {"", "/branches", "/runs", "/hybrids", "/exports"}) makeFolders(folder + part);
    writeFileAtomically(studyFile(folder), studyToJson(info));
    return Study(folder, info);
}

Study Study::open(const std::string& folder) { return Study(folder, readInfo(folder)); }

std::string Study::teacherPath() const {
    const fs::path path(info_.teacher_path);
    return path.is_absolute() ? info_.teacher_path : (fs::path(folder_) / path).string();
}

std::string Study::runPath(const std::string& run_id) const { return runsFolder() + "/" + run_id + runFileSuffix(); }

void Study::update(const std::function<void(StudyInfo&)>& change) {
    const StudyLock lock(folder_);
    StudyInfo info = readInfo(folder_);
    change(info);
    const std::string content = studyToJson(info);
    studyFromJson(content);  // what could not be read back must not replace what can
    writeFileAtomically(studyFile(folder_), content);
    info_ = std::move(info);
}

void Study::reload() { info_ = readInfo(folder_); }

std::vector<std::string> Study::runPaths() const {
    std::error_code error;
    fs::directory_iterator entries(runsFolder(), error);
    if (error) throw WorldError(readErrorText(runsFolder(), "listing", error.value()));
    std::vector<std::string> paths;
    for (const fs::directory_entry& entry : entries)
        if (entry.path().extension() == runFileSuffix() && isRunId(entry.path().stem().string()))
            paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    return paths;
}

RunSummary summaryOf(const RunOpened& header) {
    RunSummary summary;
    summary.run_id = header.run_id;
    summary.job = header.job;
    summary.spec_json = header.spec_json;
    summary.device = header.device;
    summary.parents = header.parents;
    return summary;
}

RunSummary summarizeRun(const std::string& path) {
    try {
        return readRunSummary(path);
    } catch (const WorldError& error) {
        RunSummary summary;
        summary.path = path;
        summary.run_id = fs::path(path).stem().string();
        summary.problem = error.what();
        return summary;
    }
}

void removeStudyLeftovers(const std::string& folder) {
    std::error_code ignored;
    if (!fs::exists(studyFile(folder), ignored)) return;
    for (const char* part : {"", "/branches", "/runs", "/hybrids"}) removeLeftovers(folder + part);
}

std::string folderPlace(const std::string& folder) {
    std::ifstream boot("/proc/sys/kernel/random/boot_id");
    std::string machine;
    struct stat info {};
    if (!std::getline(boot, machine) || machine.empty() || ::stat(folder.c_str(), &info) != 0) return {};
    return machine + ":" + std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

std::vector<RunSummary> Study::listRuns() const {
    std::vector<RunSummary> runs;
    for (const std::string& path : runPaths()) runs.push_back(summarizeRun(path));
    return runs;
}

LineageNode Study::node(const std::string& id) const {
    if (id == info_.teacher_hash) return {id, "teacher", {}};
    LineageNode node{id, "missing", {}};
    if (const auto found = info_.artifacts.find(id); found != info_.artifacts.end()) {
        node.kind = toString(found->second.kind);
        node.parents = found->second.parents;
        const std::string& run = found->second.made_by;
        if (!run.empty() && std::find(node.parents.begin(), node.parents.end(), run) == node.parents.end())
            node.parents.push_back(run);
    } else if (isRunId(id) && fs::exists(runPath(id))) {
        node.kind = "run";
        node.parents = summarizeRun(runPath(id)).parents;
    } else {
        return node;
    }
    if (node.parents.empty()) node.parents.push_back(info_.teacher_hash);
    return node;
}

std::vector<std::string> Study::parents(const std::string& id) const { return node(id).parents; }

std::vector<LineageNode> Study::lineage(const std::string& id) const {
    // Depth first with a list instead of recursion, each id once: also a long or circular chain comes to an end.
    std::vector<LineageNode> done;
    std::set<std::string> seen{id};
    std::vector<std::pair<LineageNode, std::size_t>> open;  // a node and how many of its parents were looked at
    open.emplace_back(node(id), 0);
    while (!open.empty()) {
        auto& [current, looked_at] = open.back();
        if (looked_at == current.parents.size()) {
            done.push_back(std::move(current));
            open.pop_back();
            continue;
        }
        const std::string parent = current.parents[looked_at++];
        if (seen.insert(parent).second) open.emplace_back(node(parent), 0);
    }
    return done;
}

}  // namespace fm
