#include "core/export/finished_export.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/regular_file.h"
#include "core/export/reload.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxTextBytes = 16 << 20;

bool madeBy(const std::string& manifest_path, const std::string& run_id) {
    std::error_code error;
    if (run_id.empty() || !fs::is_regular_file(manifest_path, error)) return false;
    const nlohmann::json manifest =
        nlohmann::json::parse(readRegularFile(manifest_path, kMaxTextBytes), nullptr, false);
    return manifest.is_object() && manifest.value("run", nlohmann::json()) == run_id;
}

}  // namespace

std::optional<ExportResult> finishedExport(const std::string& folder, const std::string& run_id) {
    if (!madeBy((fs::path(folder) / "flashmorph.json").string(), run_id)) return std::nullopt;
    const ReloadReport report = verifyExport(folder);
    if (!report.passed()) {
        throw WorldError(folder + ": is this run's export, and it is damaged: " + report.problems.front() +
                         " Move the folder away, then resume again.");
    }
    const std::string verdict_path = (fs::path(folder) / "verdict.json").string();
    ExportResult result;
    result.verdict = verdictFromJson(readRegularFile(verdict_path, kMaxTextBytes), verdict_path);
    result.folder = folder;
    return result;
}

}  // namespace fm
