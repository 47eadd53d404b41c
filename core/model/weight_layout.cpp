#include "core/model/weight_layout.h"

#include <ATen/ATen.h>

#include "core/ops/stacked_rows.h"

namespace fm {

namespace {

struct Options {
    at::TensorOptions matrix, norm;
};

AttentionWeights allocateAttention(const ModelConfig& config, const Options& options) {
    const std::int64_t query = config.num_heads * config.head_dim;
    const std::int64_t kv = config.num_kv_heads * config.head_dim;
    const std::vector<at::Tensor> qkv = allocateStacked({query, kv, kv}, config.hidden_size, options.matrix);
    AttentionWeights attn;
    attn.q.weight_OI = qkv[0];
    attn.k.weight_OI = qkv[1];
    attn.v.weight_OI = qkv[2];
    attn.o.weight_OI = at::empty({config.hidden_size, query}, options.matrix);
    if (config.qkv_bias) {
        attn.q.bias_O = at::empty({query}, options.matrix);
        attn.k.bias_O = at::empty({kv}, options.matrix);
        attn.v.bias_O = at::empty({kv}, options.matrix);
    }
    if (config.qk_norm) {
        attn.q_norm_d = at::empty({config.head_dim}, options.norm);
        attn.k_norm_d = at::empty({config.head_dim}, options.norm);
    }
    return attn;
}

MlpWeights allocateMlp(const ModelConfig& config, const Options& options) {
    const std::int64_t width = config.intermediate_size;
    const std::vector<at::Tensor> gate_up = allocateStacked({width, width}, config.hidden_size, options.matrix);
    return {gate_up[0], gate_up[1], at::empty({config.hidden_size, width}, options.matrix)};
}

}  // namespace

DecoderWeights allocateWeights(const ModelConfig& config, at::Device device, at::ScalarType dtype) {
    const Options options{at::TensorOptions(device).dtype(dtype),
                          at::TensorOptions(device).dtype(dtype == at::kDouble ? at::kDouble : at::kFloat)};
    DecoderWeights weights;
    weights.config = config;
    weights.embed_VD = at::empty({config.vocab_size, config.hidden_size}, options.matrix);
    for (std::int64_t i = 0; i < config.num_layers; ++i) {
        LayerWeights layer;
        layer.attn_norm_D = at::empty({config.hidden_size}, options.norm);
        layer.attn = allocateAttention(config, options);
        layer.mlp_norm_D = at::empty({config.hidden_size}, options.norm);
        layer.mlp = allocateMlp(config, options);
        weights.layers.push_back(std::move(layer));
    }
    weights.final_norm_D = at::empty({config.hidden_size}, options.norm);
    weights.head_VD =
        config.tie_embeddings ? weights.embed_VD : at::empty({config.vocab_size, config.hidden_size}, options.matrix);
    return weights;
}

}  // namespace fm
