// Where jobs work: the global options and the study, opened once for all jobs of this process.
#pragma once

#include <memory>
#include <utility>

#include "app/cli/cli_context.h"

namespace fm::cli {

class StudySession;

// Thread: the one that runs the jobs.
class Workplace {
public:
    explicit Workplace(GlobalOptions global) : global_(std::move(global)) {}

    const GlobalOptions& global() const { return global_; }
    // The study of the global options, with its teacher loaded. What other processes have changed in study.json is
    // seen at every call. Throws InputError, FormatError, WorldError.
    StudySession& session();
    // The same, kept alive by whoever holds it.
    std::shared_ptr<StudySession> keptSession() {
        session();
        return session_;
    }

private:
    GlobalOptions global_;
    std::shared_ptr<StudySession> session_;
};

}  // namespace fm::cli
