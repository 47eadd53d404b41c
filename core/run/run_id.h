// Run ids: "<UTC yyyymmddThhmmssZ>-<job>-<6 hex>", e.g. "20260314T150926Z-gates-3fa9c1". Sorting by name is sorting by
// time. The id is also a file stem, so nothing else may pass as one. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace fm {

// `job`: lower-case letters, digits and '_'. An id that sorts behind `newest`, the newest of its folder, also when the
// clock has been set back since. WorldError when the clock is past the year 9999.
std::string makeRunId(std::string_view job, std::string_view newest = {});
bool isRunId(std::string_view id);

// A sentence when `id` lies well ahead of this computer's clock, else "".
std::string clockWarning(std::string_view id);

}  // namespace fm
