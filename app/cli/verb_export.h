// Exporting out of a study: what the verb and the demo share.
#pragma once

#include <string>

#include "app/cli/cli_context.h"
#include "core/engine/plan_choice.h"
#include "core/export/exporter.h"

namespace fm::cli {

struct ExportOptions {
    std::string format;  // "" = the one that fits the teacher
    std::string out;     // "" = exports/ of the study
    std::string dtype = "bf16";
    std::string hybrid;    // "" = a plan without recovery
    std::string branches;  // "" = the newest
    PlanChoice choice;
};

// Throws InputError, WorldError.
ExportResult exportFromStudy(const ExportOptions& options, const GlobalOptions& global);

}  // namespace fm::cli
