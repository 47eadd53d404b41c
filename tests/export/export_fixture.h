// Small random teachers of every shape, with branches, and exports of them in a temporary folder.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "core/export/exporter.h"
#include "core/model/branch_cast.h"

namespace fm::testing {

struct ExportModel {
    DecoderWeights weights;
    BranchSet branches;
    HybridModel hybrid(const std::vector<int>& full_layers) const {
        return {&weights, &branches, Plan::fromFullLayers(static_cast<int>(weights.config.num_layers), full_layers)};
    }
};

// 4 query heads on 2 K/V heads, tied, head size 8 on width 32.
inline ModelConfig exportConfig(ModelFamily family, std::int64_t num_layers) {
    ModelConfig config;
    config.family = family;
    config.vocab_size = 61;
    config.hidden_size = 32;
    config.intermediate_size = 40;
    config.num_layers = num_layers;
    config.num_heads = 4;
    config.num_kv_heads = 2;
    config.head_dim = 8;
    config.max_position = 128;
    config.rms_norm_eps = family == ModelFamily::Llama ? 1e-5 : 1e-6;
    config.qk_norm = family == ModelFamily::Qwen3;
    config.qkv_bias = family == ModelFamily::Qwen2;
    config.tie_embeddings = true;
    config.bos_id = 1;
    config.eos_ids = {2};
    return config;
}

// Every tensor is disturbed, so that none of them can be lost or swapped without a trace in the logits. `strength` 1
// makes the model amplify small errors more than trained ones do.
inline ExportModel exportModel(const ModelConfig& config, BranchSpec spec = {}, double strength = 1) {
    spec.norm_eps = config.rms_norm_eps;
    ExportModel model;
    model.weights = randomWeights(config, 11, at::kCPU, at::kFloat);
    at::Generator generator = at::detail::createCPUGenerator(11);
    const auto disturb = [&](at::Tensor& t, double size) {
        t.add_(at::randn(t.sizes(), generator, t.options()), size * strength);
    };
    forEachTensor(model.weights, [&](const std::string&, at::Tensor& t) { disturb(t, t.dim() == 1 ? 0.1 : 0.12); });
    BranchInit calibration;
    for (std::int64_t l = 0; l < config.num_layers; ++l) {
        calibration.normed_BTD.push_back(at::randn({2, 24, config.hidden_size}, generator));
        calibration.target_BTD.push_back(at::randn({2, 24, config.hidden_size}, generator));
    }
    model.branches = castBranches(initBranches(model.weights, spec, calibration, 11), at::kCPU, at::kFloat);
    forEachTrainable(model.branches, [&](const std::string&, at::Tensor& t) { disturb(t, 0.1); });
    return model;
}

inline ExportRequest exportRequest(const HybridModel& hybrid, const std::string& format, const std::string& folder,
                                   DType dtype = DType::F32) {
    ExportRequest request;
    request.hybrid = hybrid;
    request.format = format;
    request.folder = folder;
    request.dtype = dtype;
    request.lineage = {{"teacher", "0123456789abcdef0123456789abcdef"}};
    return request;
}

}  // namespace fm::testing
