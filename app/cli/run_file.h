// Run files as this program writes and reads them. Two implementations, one chosen by CMake: run_file_hdf5.cpp
// (FM_WITH_HDF5) and run_file_jsonl.cpp (an engine without HDF5; `flashmorph runs import` converts its files later).
#pragma once

#include <memory>
#include <string>

#include "app/cli/run_summary.h"
#include "core/run/event.h"

namespace fm::cli {

// Creates `<folder>/<run id>.<suffix>` when the run is opened (and the folder, if need be). Throws WorldError.
std::unique_ptr<EventSink> makeRunFileSink(const std::string& folder);

// Whether readRunFile() understands files of this name.
bool isRunFile(const std::string& file);

// Throws FormatError or WorldError.
RunSummary readRunFile(const std::string& file);

// Writes `<folder>/<run id>.h5` from a JSON-lines file and returns its path. Throws WorldError.
std::string importRun(const std::string& jsonl_file, const std::string& folder);

}  // namespace fm::cli
