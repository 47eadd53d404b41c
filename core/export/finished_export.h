// An export that a job had finished before its run could say so.
#pragma once

#include <optional>
#include <string>

#include "core/export/exporter.h"

namespace fm {

// `folder` as the result of run `run_id`, when its flashmorph.json names that run and the folder passes
// verifyExport(); nothing when there is no such folder or another made it. Throws WorldError when it is this run's and
// damaged.
std::optional<ExportResult> finishedExport(const std::string& folder, const std::string& run_id);

}  // namespace fm
