// `flashmorph verify`: does an exported folder, on its own, give the logits of the hybrid it was made from?
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

#include "core/export/reference_logits.h"
#include "core/export/reload_tensors.h"

namespace fm {

// Bounds of a sound export: beyond what it recorded about itself, and for files with 16-bit tensors the cosine.
inline constexpr double kMaxLogitError = 1e-4;
inline constexpr double kMinCosine16Bit = 0.9999;

struct ReloadReport {
    std::string folder;
    std::string format;     // model_type of config.json
    std::string precision;  // lowest of any tensor: "F32", "F16" or "BF16"
    std::size_t tensors = 0;
    bool compared = false;  // false: the tensors do not fit the config, and there are no logits
    LogitError error;
    std::optional<LogitError> recorded;  // none while an export is being made
    std::vector<std::string> problems;   // sentences; empty = passed
    bool passed() const { return problems.empty(); }
};
nlohmann::ordered_json toJson(const ReloadReport& report);

// Every file of an export: bytes against its list of checksums (export_files.h), and logits against the reference
// recorded in it. Throws InputError when `folder` is no export, FormatError or WorldError for damaged files.
ReloadReport verifyExport(const std::string& folder);

// Reads config.json and model.safetensors of `folder` and nothing else of the export, rebuilds the logits by the
// definition of the format (reload_forward.h), and holds them against `reference`. Throws as verifyExport().
ReloadReport compareExport(const std::string& folder, const ReferenceLogits& reference,
                           ReloadTensors::Cast cast = ReloadTensors::Cast::AsStored);

}  // namespace fm
