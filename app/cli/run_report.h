// One run in short: what `flashmorph runs` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/run/event.h"

namespace fm::cli {

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

// From the JSON lines of JsonlSink; a torn last line is dropped. Throws FormatError or WorldError.
RunReport readJsonlReport(const std::string& file);

}  // namespace fm::cli
