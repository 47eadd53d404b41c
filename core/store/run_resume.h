// Going on with an ended or killed run file. Private to core/store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/run/event.h"
#include "core/store/run_file.h"

namespace fm {

// FormatError or WorldError when `path` cannot be resumed so.
void checkResumable(const std::string& path, const std::map<std::string, std::int64_t>& rows_to_keep);

// A new file holding the first rows of the old one. It replaces the old one at startWriting(): a killed file's marks
// ("being written") never matter.
std::unique_ptr<RunFile> openResumed(const std::string& path, const RunOpened& header,
                                     const std::map<std::string, std::int64_t>& rows_to_keep);

}  // namespace fm
