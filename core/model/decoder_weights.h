// The teacher's weights as tensors. B batch, T tokens, D width, H heads, O/I out/in features, V vocabulary, d head dim.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "core/formats/checkpoint.h"
#include "core/formats/model_config.h"

namespace fm {

struct Linear {
    at::Tensor weight_OI;
    at::Tensor bias_O;  // undefined when the layer has none
};

struct AttentionWeights {
    Linear q, k, v, o;
    at::Tensor q_norm_d, k_norm_d;  // undefined without QK-norm
};

struct MlpWeights {
    at::Tensor gate_ID, up_ID, down_DI;
};

struct LayerWeights {
    at::Tensor attn_norm_D;
    AttentionWeights attn;
    at::Tensor mlp_norm_D;
    MlpWeights mlp;
};

struct DecoderWeights {
    ModelConfig config;
    at::Tensor embed_VD;
    std::vector<LayerWeights> layers;
    at::Tensor final_norm_D;
    at::Tensor head_VD;  // the same tensor as embed_VD when tied
};

// Visits every tensor under its HF name, in a fixed order, a tied head once (as the embedding).
using TensorVisitor = std::function<void(const std::string& name, at::Tensor& tensor)>;
void forEachTensor(DecoderWeights& weights, const TensorVisitor& visit);

// Strict: throws FormatError listing every missing, unused and misshaped tensor. Matrices in `dtype`, norms in fp32.
// Reads tensor by tensor, in blocks of rows (peak memory = weights + a few MB: pages of the mapped file are given back
// as they are read). `on_tensor(done, total)` may throw Cancelled.
DecoderWeights loadWeights(const Checkpoint& checkpoint, at::Device device, at::ScalarType dtype,
                           const std::function<void(std::int64_t, std::int64_t)>& on_tensor = {});

// Random weights of a config (normal, std 0.02 scaled by depth as usual), for pretraining and tests.
DecoderWeights randomWeights(const ModelConfig& config, std::uint64_t seed, at::Device device, at::ScalarType dtype);

// Compute dtype of a device: bf16 on a GPU and on a CPU with AMX, else fp32.
at::ScalarType defaultDtype(at::Device device);

}  // namespace fm
