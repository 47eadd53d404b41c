#include "core/export/export_draft.h"
#include "core/base/assert.h"

#include <ATen/ATen.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json orNull(std::int64_t id) { return id < 0 ? Json(nullptr) : Json(id); }

std::string shortNumber(double value) { return Json(value).dump(); }

// "gdn (gated delta rule)"
std::string kindsHeldBy(const std::string& format) {
    std::string text;
    for (const Mixer* mixer : mixers()) {
        if (std::find(mixer->exports_to.begin(), mixer->exports_to.end(), format) == mixer->exports_to.end()) continue;
        text += (text.empty() ? "" : " or ") + std::string(mixer->name) + " (" + mixer->summary + ")";
    }
    return text;
}

}  // namespace

void DraftTensors::add(const std::string& name, const at::Tensor& tensor, DType dtype) {
    FM_ASSERT(tensor.defined(), "a tensor to be exported is there");
    const at::Tensor source = tensor.detach().to(at::kCPU).contiguous();
    const at::ScalarType stored = scalarType(dtype);
    // F32 counts as lossless: its rounding is that of the hybrid's own arithmetic.
    if (dtype != DType::F32 && !source.to(stored).to(source.scalar_type()).equal(source)) ++rounded_;
    bundle_.add(name, source, dtype);
}

void judgeBranches(const HybridModel& hybrid, const std::string& format, Verdict& verdict) {
    if (!hybrid.plan.hasLinearLayer()) return;
    const BranchSpec& spec = hybrid.branches->spec;
    const std::vector<std::string>& formats = spec.kind->exports_to;
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
        verdict.refuse("The branches are " + std::string(spec.kind->name) + "; " + format + " holds " +
                       kindsHeldBy(format) + " branches only.");
    }
    if (spec.form != BranchForm::Exportable) {
        verdict.refuse("The branches have the form " + std::string(toString(spec.form)) + "; " + format +
                       " needs SiLU on q, k and v and a SiLU output gate (form exportable).");
    }
}

void judgeEpsilon(const HybridModel& hybrid, Verdict& verdict) {
    if (!hybrid.plan.hasLinearLayer()) return;
    const double branch_eps = hybrid.branches->spec.norm_eps;
    const double teacher_eps = hybrid.weights->config.rms_norm_eps;
    if (branch_eps == teacher_eps) return;
    verdict.approximate("The branches were made with output norm epsilon " + shortNumber(branch_eps) +
                        ", and the format has one epsilon for all norms, the teacher's " + shortNumber(teacher_eps) +
                        ".");
}

at::Tensor expandHeadRows(const at::Tensor& weight_OD, const ModelConfig& config) {
    const std::int64_t group = config.num_heads * config.head_dim / weight_OD.size(0);
    if (group == 1) return weight_OD;
    return weight_OD.unflatten(0, {-1, config.head_dim}).repeat_interleave(group, 0).flatten(0, 1);
}

void addTokenIds(const ModelConfig& config, Json& json) {
    json["bos_token_id"] = orNull(config.bos_id);
    json["eos_token_id"] = config.eos_ids.empty()       ? Json(nullptr)
                           : config.eos_ids.size() == 1 ? Json(config.eos_ids.front())
                                                        : Json(config.eos_ids);
    json["pad_token_id"] = orNull(config.pad_id);
}

const char* torchDtypeName(DType dtype) {
    if (dtype == DType::F32) return "float32";
    return dtype == DType::F16 ? "float16" : "bfloat16";
}

}  // namespace fm
