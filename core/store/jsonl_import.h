// Run records of engines without HDF5, made into run files.
#pragma once

#include <cstdint>
#include <string>

namespace fm {

struct ImportResult {
    std::int64_t events = 0;
    bool torn_last_line = false;  // the writer was killed in the middle of a line; that line is left out
};

// Reads the lines that JsonlSink wrote. `h5_path` must not exist; it appears when the import is complete, and not at
// all when it fails. FormatError "<path>: line N: <what is wrong>", WorldError for what the disk refuses.
ImportResult importJsonl(const std::string& jsonl_path, const std::string& h5_path);

}  // namespace fm
