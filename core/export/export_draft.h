// What the exporters of single formats share: the parts of an export before they are files.
#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "core/export/model_folder.h"
#include "core/export/verdict.h"
#include "core/model/hybrid_model.h"

namespace fm {

// Tensors of one model.safetensors, and how many of them lost digits on the way.
class DraftTensors {
public:
    explicit DraftTensors(DType dtype) : dtype_(dtype) {}
    void addMatrix(const std::string& name, const at::Tensor& tensor) { add(name, tensor, dtype_); }
    // Norms and decays: a rounding there is magnified by everything behind it.
    void addFp32(const std::string& name, const at::Tensor& tensor) { add(name, tensor, DType::F32); }

    const TensorBundle& bundle() const { return bundle_; }
    int rounded() const { return rounded_; }

private:
    void add(const std::string& name, const at::Tensor& tensor, DType dtype);

    DType dtype_;
    TensorBundle bundle_;
    int rounded_ = 0;
};

struct ExportDraft {
    std::string config_json;
    DraftTensors tensors;
};

// Every branch in use must be of a kind that the format holds, in exportable form; each reason why not, as a refusal.
void judgeBranches(const HybridModel& hybrid, const std::string& format, Verdict& verdict);
// Both formats have a single epsilon for all norms: a branch with another one is only approximated.
void judgeEpsilon(const HybridModel& hybrid, Verdict& verdict);

// Rows of KV heads repeated to those of all query heads, whole head blocks: query head h reads head h / group.
at::Tensor expandHeadRows(const at::Tensor& weight_OD, const ModelConfig& config);

// The three special ids, as HF spells them (null for none, a list for several ends).
void addTokenIds(const ModelConfig& config, nlohmann::ordered_json& json);
const char* torchDtypeName(DType dtype);  // "float32", "float16", "bfloat16"

}  // namespace fm
