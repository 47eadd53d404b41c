#include "core/export/exporter.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/export/export_files.h"
#include "core/export/fla.h"
#include "core/export/model_card.h"
#include "core/export/partial_folder.h"
#include "core/export/qwen3_5.h"
#include "core/export/reload.h"

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
    std::error_code error;  // a name too long to be looked at is one to be refused
    const bool there = fs::exists(request.folder, error);
    if (request.folder.empty() || there || error || request.folder.find('\0') != std::string::npos) {
        problems.push_back({"folder", request.folder, "the path of a folder that does not exist yet"});
    }
    if (request.dtype != DType::F32 && request.dtype != DType::F16 && request.dtype != DType::BF16) {
        problems.push_back({"dtype", toString(request.dtype), "F32, F16 or BF16"});
    }
    const fs::path tokenizer = fs::path(request.tokenizer_folder) / "tokenizer.json";
    if (!request.tokenizer_folder.empty() && !fs::exists(tokenizer, error)) {
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
                 {"run", request.run_id},
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

// Texts of the user's (a path, a label) may hold any bytes; JSON holds UTF-8.
std::string jsonText(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

// What loaders read: configs, weights, tokenizer.
void writeModel(const ExportRequest& request, const ExportDraft& draft, ExportFiles& files) {
    files.write("config.json", draft.config_json);
    writeSafetensors(files.path("model.safetensors"), draft.tensors.bundle().entries());
    files.add("model.safetensors");
    files.write("generation_config.json", jsonText(generationConfig(request.hybrid.weights->config)));
    if (request.tokenizer_folder.empty()) return;
    for (const TokenizerFile& file : tokenizerFiles(request.tokenizer_folder)) files.write(file.name, file.content);
}

// The files just written, read back by code that shares nothing with the writer.
LogitError measure(const std::string& folder, const ReferenceLogits& reference, ReloadTensors::Cast cast) {
    const ReloadReport report = compareExport(folder, reference, cast);
    if (report.compared) return report.error;
    throw WorldError(folder + ": the export could not be read back, so nothing was kept: " + report.problems.front() +
                     " Check the disk, then export again.");
}

void checkMeasured(const ExportRequest& request, const Verdict& verdict) {
    const LogitError& error = *verdict.as_stored;
    const bool close_enough = verdict.exactness != Exactness::Exact || error.max_abs <= kMaxLogitError;
    const bool finite = std::isfinite(error.max_abs) && std::isfinite(verdict.cast_to_bf16->max_abs);
    if (close_enough && finite) return;
    throw WorldError(request.folder + ": the export was read back and its logits differ from the hybrid's by " +
                     std::to_string(finite ? error.max_abs : INFINITY) +
                     "; nothing was kept: try dtype F32, and check the disk");
}

// Files about the export: verdict, manifest, model card, reference logits.
void describeExport(const ExportRequest& request, const Verdict& verdict, ExportFiles& files) {
    files.write("verdict.json", jsonText(toJson(verdict)));
    files.write("flashmorph.json", jsonText(manifest(request, verdict)));
    files.write("README.md", modelCard(request, verdict));
}

// The stages that write and read back, inside `folder`.
void fillFolder(const ExportRequest& request, const ExportDraft& draft, Verdict& verdict, const std::string& folder) {
    const auto pause = [&] {
        if (request.between_stages) request.between_stages();
    };
    ReferenceLogits reference = hybridReference(request.hybrid, request.probe_tokens);
    pause();
    ExportFiles files(folder);
    writeModel(request, draft, files);
    pause();
    verdict.as_stored = measure(folder, reference, ReloadTensors::Cast::AsStored);
    pause();
    verdict.cast_to_bf16 = measure(folder, reference, ReloadTensors::Cast::ToBf16);
    checkMeasured(request, verdict);
    pause();
    reference.recorded = verdict.as_stored;
    writeReference(reference, folder);
    files.add(kReferenceFile);
    describeExport(request, verdict, files);
    files.close();
    pause();
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
    FM_ASSERT(request.hybrid.plan.kinds.size() == request.hybrid.weights->layers.size(),
              "the plan has one kind a layer");
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
    PartialFolder partial(request.folder);
    fillFolder(request, draft, verdict, partial.path());
    partial.commit();
    result.folder = request.folder;
    return result;
}

}  // namespace fm
