// Where jobs work: a study on a device, opened once for all jobs of this process.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <utility>

namespace fm {

class StudySession;

struct WorkplaceOptions {
    std::string study;            // study folder, "" = none given
    std::string teacher;          // model a new study is made around, "" = none given
    std::string text;             // text of the study: a folder or a .txt file, "" = as it is
    std::string chat;             // form of the study's prompts: "base" or "chat", "" = as it is
    std::string device = "auto";  // "auto", "cpu", "cuda" or "cuda:N"
    int threads = 0;              // CPU threads, 0 = LibTorch's choice
};

// Folder in which the study keeps its run files; "" without a study.
std::string runsFolder(const WorkplaceOptions& options);

// Applies threads and device. Call once, before the first tensor work. Throws InputError for a device that is not
// there.
at::Device prepareCompute(const WorkplaceOptions& options);

// Thread: the one that runs the jobs.
class Workplace {
public:
    explicit Workplace(WorkplaceOptions options) : options_(std::move(options)) {}

    const WorkplaceOptions& options() const { return options_; }
    // The study of the options, with its teacher loaded. What other processes have changed in study.json is seen at
    // every call. Throws InputError, FormatError, WorldError.
    StudySession& session();
    // The same, kept alive by whoever holds it.
    std::shared_ptr<StudySession> keptSession();

private:
    WorkplaceOptions options_;
    std::shared_ptr<StudySession> session_;
};

}  // namespace fm
