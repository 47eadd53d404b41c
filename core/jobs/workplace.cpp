#include "core/jobs/workplace.h"

#include <filesystem>

#include "core/jobs/study_session.h"
#include "core/model/device.h"

namespace fm {

std::string runsFolder(const WorkplaceOptions& options) {
    return options.study.empty() ? std::string() : (std::filesystem::path(options.study) / "runs").string();
}

at::Device prepareCompute(const WorkplaceOptions& options) {
    setThreads(options.threads);
    return pickDevice(options.device);
}

std::shared_ptr<StudySession> Workplace::keptSession() {
    if (session_) {
        session_->refresh();
    } else {
        session_ = std::make_shared<StudySession>(options_);
    }
    return session_;
}

StudySession& Workplace::session() { return *keptSession(); }

}  // namespace fm
