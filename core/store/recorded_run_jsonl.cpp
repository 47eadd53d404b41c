// Recorded runs in builds without HDF5.
#include "core/base/error.h"
#include "core/store/jsonl_run.h"
#include "core/store/recorded_run.h"
#include "core/store/study.h"

namespace fm {

std::unique_ptr<RecordedRun> openRecordedRun(const std::string& path) {
    if (path.ends_with(".h5")) throw WorldError(path + ": this program was built without HDF5 and cannot read it");
    return std::make_unique<JsonlRun>(path);
}

const char* runFileSuffix() { return ".jsonl"; }

RunSummary readRunSummary(const std::string& path) { return summarizeJsonl(path); }

}  // namespace fm
