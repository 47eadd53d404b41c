// What both implementations of run files share.
#include "core/store/run_record.h"

#include <algorithm>
#include <filesystem>

#include "core/base/atomic_file.h"
#include "core/run/run_id.h"
#include "core/store/recorded_run.h"

namespace fm {

namespace fs = std::filesystem;

std::unique_ptr<RunFileSink> makeRunFileSink(const std::string& folder) {
    makeFolders(folder);
    return newRunFile(folder);
}

std::string newestRunId(const std::string& folder) {
    std::string newest;
    std::error_code ignored;  // a folder that is not there has no runs
    for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
        const std::string id = entry->path().stem().string();
        if (entry->path().extension() == runFileSuffix() && isRunId(id)) newest = std::max(newest, id);
    }
    return newest;
}

std::string findRunFile(const std::string& folder, const std::string& run_id) {
    const std::string path = (fs::path(folder) / (run_id + runFileSuffix())).string();
    return fs::is_regular_file(path) ? path : std::string();
}

}  // namespace fm
