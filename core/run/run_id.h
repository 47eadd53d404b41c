// Run ids: "<UTC yyyymmddThhmmssZ>-<job>-<6 hex>", e.g. "20260314T150926Z-gates-3fa9c1". Sorting by name is sorting by
// time. The id is also a file stem, so nothing else may pass as one.
#pragma once

#include <string>
#include <string_view>

namespace fm {

std::string makeRunId(std::string_view job);  // `job`: lower-case letters, digits and '_'
bool isRunId(std::string_view id);

}  // namespace fm
