// flashmorph bench operators: the recurrences as the engine calls them, on every device of this machine.
#pragma once

#include "app/cli/cli_context.h"

namespace fm::cli {

// Times every implementation; with `check` also compares each with the float64 recurrence, and fails if one differs.
int benchOperators(const GlobalOptions& global, bool check);

}  // namespace fm::cli
