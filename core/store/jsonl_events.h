// The events of a run that was recorded as JSON lines (JsonlSink), as every reader of such files takes them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/run/event.h"

namespace fm {

struct JsonlContent {
    std::int64_t events = 0;
    bool torn_last_line = false;  // the writer was killed in the middle of a line; that line is left out
};

// Calls `take` for every event, in order: first RunOpened, then rows that fit its tables. Every byte is hostile:
// FormatError "<path>: line N: <what is wrong>", also for a FormatError that `take` throws; WorldError for what the
// disk refuses. The file may be growing.
JsonlContent readJsonlEvents(const std::string& path, const std::function<void(const RunEvent&)>& take);

}  // namespace fm
