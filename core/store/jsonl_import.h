// Run records of engines without HDF5, made into run files.
#pragma once

#include <string>

#include "core/store/jsonl_events.h"

namespace fm {

// Reads the lines that JsonlSink wrote. `h5_path` must not exist; it appears when the import is complete, and not at
// all when it fails. Errors as readJsonlEvents() has them, WorldError for what the disk refuses.
JsonlContent importJsonl(const std::string& jsonl_path, const std::string& h5_path);

}  // namespace fm
