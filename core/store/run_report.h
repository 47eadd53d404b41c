// One run in short: what is listed of it and what a resumed run needs to know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/run/event.h"
#include "core/store/recorded_run.h"

namespace fm {

struct RunReport {
    RunOpened header;
    std::string status = "running";  // the last state stored; "interrupted" when a run was killed
    std::string status_text;
    std::vector<std::int64_t> rows;  // per table
    std::vector<Row> last_rows;      // per table; empty when it has no rows
};

// {"id", "job", "status", "device", "rows"}; rows is the number of rows of the first table.
nlohmann::json briefJson(const RunReport& report);
// The header with its spec, and per table its columns with unit, help and last value.
nlohmann::json fullJson(const RunReport& report);

RunReport reportOf(const RecordedRun& run);
RunReport readRunFile(const std::string& file);  // throws FormatError or WorldError

}  // namespace fm
