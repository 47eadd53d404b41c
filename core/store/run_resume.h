// Going on with an ended or killed run file. Private to core/store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/run/event.h"
#include "core/store/run_file.h"
#include "core/store/writer_lock.h"

namespace fm {

// The caller holds the run's lock. FormatError or WorldError when the run cannot be resumed so.
void checkResumable(const std::string& path, const std::map<std::string, std::int64_t>& rows_to_keep);

// A new file holding the first rows of the old one. It replaces the old one at startWriting(): a killed file's marks
// ("being written") never matter. `lock` is the old one's, needed until then.
std::unique_ptr<RunFile> openResumed(const WriterLock& lock, const RunOpened& header,
                                     const std::map<std::string, std::int64_t>& rows_to_keep);

}  // namespace fm
