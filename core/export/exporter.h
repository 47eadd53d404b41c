// A discrete hybrid as a folder that other programs load. export.md 1.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/export/verdict.h"
#include "core/formats/tensor_view.h"
#include "core/model/hybrid_model.h"

namespace fm {

struct ExportRequest {
    HybridModel hybrid;            // its weights are those to export, recovered ones included
    std::string format;            // one of exportFormats()
    std::string folder;            // must not exist yet
    DType dtype = DType::BF16;     // of matrices: F32, F16 or BF16; norms and decays are F32 in any case
    std::string tokenizer_folder;  // its tokenizer files are copied; "" = the export has none (a GGUF teacher)
    std::vector<double> gates;     // one per layer, as the plan was made from; may be empty
    // What it was made from, in order: {"teacher", "<hash>"}, {"branches", "<id>"}, {"gates", "<run>"}, ...
    std::vector<std::pair<std::string, std::string>> lineage;
    std::int64_t probe_tokens = 0;  // longest context that judged the hybrid; the check reads back as far if it can
    std::string run_id;             // of the job; recorded, so that a resumed job knows its own folder again
    // Called between the stages, at most a few seconds apart for a small model; may throw to end the export, which then
    // leaves nothing. Empty: the export runs to its end.
    std::function<void()> between_stages;
};

struct ExportResult {
    Verdict verdict;     // with measured errors when something was written
    std::string folder;  // "" when the format cannot hold the hybrid (NotRepresentable): nothing was written
    bool written() const { return !folder.empty(); }
};

const std::vector<std::string>& exportFormats();             // "fla", "qwen3_5"
std::string defaultExportFormat(const ModelConfig& config);  // the one that fits teachers of this shape

// Whether `format` holds the hybrid, without computing anything. Throws InputError for an unknown format.
Verdict judgeExport(const HybridModel& hybrid, const std::string& format);

// Writes config.json, model.safetensors, generation_config.json, the tokenizer's files untouched, verdict.json,
// flashmorph.json, README.md, reference logits and checksums into a folder of its own beside `folder`
// (partial_folder.h), checks them with the independent re-loader (reload.h) and by their checksums, and renames:
// `folder` is complete or absent, and what somebody else has put there meanwhile stays. Throws InputError with every
// problem of the request, WorldError when a file cannot be written or the check fails. CPU work in float64 on two
// sequences (reference_logits.h): a quarter of a minute for SmolLM2-135M. Thread: any, one export per folder.
[[nodiscard]] ExportResult exportHybrid(const ExportRequest& request);

}  // namespace fm
