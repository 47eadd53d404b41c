// The global options --device and --threads, applied.
#pragma once

#include <c10/core/Device.h>

#include "app/cli/cli_context.h"

namespace fm::cli {

// Call once, before the first tensor work of a verb. Throws InputError for a device that is not there.
at::Device prepareCompute(const GlobalOptions& global);

}  // namespace fm::cli
