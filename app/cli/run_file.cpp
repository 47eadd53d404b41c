// What both implementations of run files share.
#include "app/cli/run_file.h"

#include <filesystem>

#include "core/run/atomic_file.h"
#include "core/store/recorded_run.h"

namespace fm::cli {

namespace fs = std::filesystem;

std::unique_ptr<RunFileSink> makeRunFileSink(const std::string& folder) {
    makeFolders(folder);
    return newRunFile(folder);
}

std::string findRunFile(const std::string& folder, const std::string& run_id) {
    const std::string path = (fs::path(folder) / (run_id + runFileSuffix())).string();
    return fs::is_regular_file(path) ? path : std::string();
}

}  // namespace fm::cli
