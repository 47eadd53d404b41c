// Run files as a program writes and finds them. Two implementations, one chosen by CMake: run_record_hdf5.cpp
// (FM_WITH_HDF5) and run_record_jsonl.cpp (an engine without HDF5; `flashmorph runs import` converts its files later).
// What they recorded is read through recorded_run.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/run/event.h"
#include "core/store/writer_lock.h"

namespace fm {

class RunFileSink : public EventSink {
public:
    virtual void close() = 0;  // last; throws what the destructor could only hide
};

// Creates `<folder>/<run id>.<suffix>` when the run is opened (and the folder, if need be). Throws WorldError.
std::unique_ptr<RunFileSink> makeRunFileSink(const std::string& folder);
std::unique_ptr<RunFileSink> newRunFile(const std::string& folder);  // the same in a folder that is there

// Goes on with the file of `lock` when its run is opened again, keeping the first rows of each table (by name). The
// lock is held to the end.
std::unique_ptr<RunFileSink> resumeRunFileSink(WriterLock lock,
                                               const std::map<std::string, std::int64_t>& rows_to_keep);

// Whether openRecordedRun() understands files of this name.
bool isRunFile(const std::string& file);

// Of the files in a folder, by their names; "" when there is none.
std::string newestRunId(const std::string& folder);

// "" when the folder has no file of that run.
std::string findRunFile(const std::string& folder, const std::string& run_id);

// Writes `<folder>/<run id>.h5` from a JSON-lines file and returns its path. Throws WorldError.
std::string importRun(const std::string& jsonl_file, const std::string& folder);

}  // namespace fm
