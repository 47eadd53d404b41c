#include "core/export/reload.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/export/export_files.h"
#include "core/export/reload_forward.h"
#include "core/export/reload_mixers.h"

namespace fm {
namespace {

void requireFolder(const std::string& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return;
    throw InputError({"folder", folder, "a folder made by `flashmorph export`"});
}

// What the export was off by when it was made is part of its verdict; anything beyond is damage since then.
void judge(const LogitError& recorded, ReloadReport& report) {
    if (!std::isfinite(report.error.max_abs)) {
        report.problems.emplace_back("The logits are not finite numbers.");
        return;
    }
    const double allowed = kMaxLogitError + 1.01 * recorded.max_abs;
    if (!(report.error.max_abs <= allowed)) {
        char text[200];
        std::snprintf(
            text, sizeof text,
            "The logits differ from the hybrid's by up to %.3g; %.3g is allowed: these are not the files that "
            "were exported.",
            report.error.max_abs, allowed);
        report.problems.emplace_back(text);
    }
    const bool as_good_as_recorded = report.error.cosine >= recorded.cosine - 1e-6;
    if (report.precision != "F32" && report.error.cosine < kMinCosine16Bit && !as_good_as_recorded) {
        char text[120];
        std::snprintf(text, sizeof text, "The lowest cosine between logits is %.6f; %.4f is asked for in %s.",
                      report.error.cosine, kMinCosine16Bit, report.precision.c_str());
        report.problems.emplace_back(text);
    }
}

}  // namespace

nlohmann::ordered_json toJson(const ReloadReport& report) {
    return {{"folder", report.folder},
            {"passed", report.passed()},
            {"format", report.format},
            {"precision", report.precision},
            {"tensors", report.tensors},
            {"error", report.compared ? toJson(report.error) : nlohmann::ordered_json(nullptr)},
            {"recorded", report.recorded ? toJson(*report.recorded) : nlohmann::ordered_json(nullptr)},
            {"problems", report.problems}};
}

ReloadReport verifyExport(const std::string& folder) {
    requireFolder(folder);
    const ReferenceLogits reference = readReference(folder, readReloadConfig(folder).vocab);
    ReloadReport report = compareExport(folder, reference);
    if (report.compared) judge(reference.recorded.value(), report);
    for (const std::string& problem : checksumProblems(
             folder, {"config.json", "model.safetensors", "verdict.json", "flashmorph.json", kReferenceFile}))
        report.problems.push_back(problem);
    return report;
}

ReloadReport compareExport(const std::string& folder, const ReferenceLogits& reference, ReloadTensors::Cast cast) {
    requireFolder(folder);
    const ReloadConfig config = readReloadConfig(folder);
    const ReloadTensors tensors(folder, cast);
    ReloadReport report;
    report.folder = folder;
    report.format = config.format == ReloadFormat::Fla ? config.mixer->model_type : "qwen3_5_text";
    report.precision = cast == ReloadTensors::Cast::ToBf16 ? "BF16" : tensors.lowestPrecision();
    report.tensors = tensors.count();
    report.recorded = reference.recorded;
    report.problems = tensors.problems(config);
    if (!report.problems.empty()) return report;
    report.error = compareLogits(reference, reloadLogits(config, tensors, reference.ids_BT));
    report.compared = true;
    return report;
}

}  // namespace fm
