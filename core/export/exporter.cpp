#include "core/export/exporter.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/export/fla.h"
#include "core/export/model_card.h"
#include "core/export/partial_folder.h"
#include "core/export/qwen3_5.h"
#include "core/export/reload.h"
#include "core/run/atomic_file.h"
#include "core/run/error.h"

namespace fm {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string formatList() {
    std::string text;
    for (const std::string& format : exportFormats()) text += (text.empty() ? "" : " or ") + format;
    return text;
}

void checkRequest(const ExportRequest& request) {
    std::vector<Problem> problems;
    const std::vector<std::string>& formats = exportFormats();
    if (std::find(formats.begin(), formats.end(), request.format) == formats.end()) {
        problems.push_back({"format", request.format, formatList()});
    }
    if (request.folder.empty() || fs::exists(request.folder)) {
        problems.push_back({"folder", request.folder, "the path of a folder that does not exist yet"});
    }
    if (request.dtype != DType::F32 && request.dtype != DType::F16 && request.dtype != DType::BF16) {
        problems.push_back({"dtype", toString(request.dtype), "F32, F16 or BF16"});
    }
    if (!request.tokenizer_folder.empty() && !fs::exists(fs::path(request.tokenizer_folder) / "tokenizer.json")) {
        problems.push_back({"tokenizer_folder", request.tokenizer_folder, "a folder with a tokenizer.json"});
    }
    if (!problems.empty()) throw InputError(std::move(problems));
}

Json generationConfig(const ModelConfig& config) {
    Json json = {{"do_sample", false}};
    addTokenIds(config, json);
    return json;
}

Json manifest(const ExportRequest& request, const Verdict& verdict) {
    const Plan& plan = request.hybrid.plan;
    Json lineage = Json::object();
    for (const auto& [what, which] : request.lineage) lineage[what] = which;
    Json json = {{"format", request.format},
                 {"dtype", torchDtypeName(request.dtype)},
                 {"num_layers", plan.kinds.size()},
                 {"budget", plan.budget()},
                 {"full_layers", plan.fullLayers()},
                 {"plan", plan.key()},
                 {"pins", Json::array()},
                 {"gates", request.gates.empty() ? Json(nullptr) : Json(request.gates)},
                 {"lineage", lineage},
                 {"verdict", toJson(verdict)}};
    for (const Pin& pin : plan.pins) {
        json["pins"].push_back({{"layer", pin.layer}, {"kind", pin.kind == LayerKind::Full ? "full" : "linear"}});
    }
    return json;
}

ExportDraft makeDraft(const ExportRequest& request) {
    return request.format == "fla" ? draftFla(request.hybrid, request.dtype)
                                   : draftQwen3_5(request.hybrid, request.dtype);
}

void writeJson(const std::string& folder, const char* name, const Json& json) {
    writeFileAtomically((fs::path(folder) / name).string(), json.dump(2) + "\n");
}

// What loaders read: configs, weights, tokenizer.
void writeModel(const ExportRequest& request, const ExportDraft& draft, const std::string& folder) {
    writeFileAtomically((fs::path(folder) / "config.json").string(), draft.config_json);
    writeSafetensors((fs::path(folder) / "model.safetensors").string(), draft.tensors.bundle().entries());
    writeJson(folder, "generation_config.json", generationConfig(request.hybrid.weights->config));
    if (!request.tokenizer_folder.empty()) copyTokenizerFiles(request.tokenizer_folder, folder);
}

// The files just written, read back by code that shares nothing with the writer.
LogitError measure(const std::string& folder, const ReferenceLogits& reference, ReloadTensors::Cast cast) {
    const ReloadReport report = verifyExport(folder, reference, cast);
    assert(report.compared && "the re-loader and the exporter disagree about names or shapes");
    return report.error;
}

void checkMeasured(const ExportRequest& request, const Verdict& verdict) {
    const LogitError& error = *verdict.as_stored;
    const bool sound =
        verdict.exactness == Exactness::Exact ? error.max_abs <= kMaxLogitError : std::isfinite(error.max_abs);
    if (sound) return;
    throw WorldError(request.folder + ": the export was read back and its logits differ from the hybrid's by " +
                     std::to_string(error.max_abs) + "; nothing was kept: try dtype F32, and check the disk");
}

// Files about the export: verdict, manifest, model card, reference logits.
void describeExport(const ExportRequest& request, const Verdict& verdict, const std::string& folder) {
    writeJson(folder, "verdict.json", toJson(verdict));
    writeJson(folder, "flashmorph.json", manifest(request, verdict));
    writeFileAtomically((fs::path(folder) / "README.md").string(), modelCard(request, verdict));
}

}  // namespace

const std::vector<std::string>& exportFormats() {
    static const std::vector<std::string> formats = {"fla", "qwen3_5"};
    return formats;
}

std::string defaultExportFormat(const ModelConfig& config) { return config.qk_norm ? "qwen3_5" : "fla"; }

Verdict judgeExport(const HybridModel& hybrid, const std::string& format) {
    if (format == "fla") return judgeFla(hybrid);
    if (format == "qwen3_5") return judgeQwen3_5(hybrid);
    throw InputError({"format", format, formatList()});
}

ExportResult exportHybrid(const ExportRequest& request) {
    checkRequest(request);
    assert(request.hybrid.plan.kinds.size() == request.hybrid.weights->layers.size());
    const c10::NoGradGuard no_grad;
    ExportResult result;
    result.verdict = judgeExport(request.hybrid, request.format);
    Verdict& verdict = result.verdict;
    if (verdict.exactness == Exactness::NotRepresentable) return result;

    const ExportDraft draft = makeDraft(request);
    if (draft.tensors.rounded() > 0) {
        verdict.approximate(std::to_string(draft.tensors.rounded()) + " tensors were rounded to " +
                            torchDtypeName(request.dtype) + ".");
    }
    ReferenceLogits reference = hybridReference(request.hybrid);
    PartialFolder partial(request.folder);
    writeModel(request, draft, partial.path());
    verdict.as_stored = measure(partial.path(), reference, ReloadTensors::Cast::AsStored);
    checkMeasured(request, verdict);
    verdict.cast_to_bf16 = measure(partial.path(), reference, ReloadTensors::Cast::ToBf16);
    reference.recorded = *verdict.as_stored;
    writeReference(reference, partial.path());
    describeExport(request, verdict, partial.path());
    partial.commit();
    result.folder = request.folder;
    return result;
}

}  // namespace fm
