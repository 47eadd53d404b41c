#include "core/model/decoder_weights.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "core/model/weight_layout.h"

namespace fm {

void forEachTensor(DecoderWeights& weights, const TensorVisitor& visit) {
    const auto visitLinear = [&](const std::string& name, Linear& linear) {
        visit(name + ".weight", linear.weight_OI);
        if (linear.bias_O.defined()) visit(name + ".bias", linear.bias_O);
    };
    visit("model.embed_tokens.weight", weights.embed_VD);
    for (std::size_t i = 0; i < weights.layers.size(); ++i) {
        LayerWeights& layer = weights.layers[i];
        const std::string prefix = "model.layers." + std::to_string(i) + ".";
        visit(prefix + "input_layernorm.weight", layer.attn_norm_D);
        visitLinear(prefix + "self_attn.q_proj", layer.attn.q);
        visitLinear(prefix + "self_attn.k_proj", layer.attn.k);
        visitLinear(prefix + "self_attn.v_proj", layer.attn.v);
        visitLinear(prefix + "self_attn.o_proj", layer.attn.o);
        if (layer.attn.q_norm_d.defined()) visit(prefix + "self_attn.q_norm.weight", layer.attn.q_norm_d);
        if (layer.attn.k_norm_d.defined()) visit(prefix + "self_attn.k_norm.weight", layer.attn.k_norm_d);
        visit(prefix + "post_attention_layernorm.weight", layer.mlp_norm_D);
        visit(prefix + "mlp.gate_proj.weight", layer.mlp.gate_ID);
        visit(prefix + "mlp.up_proj.weight", layer.mlp.up_ID);
        visit(prefix + "mlp.down_proj.weight", layer.mlp.down_DI);
    }
    visit("model.norm.weight", weights.final_norm_D);
    if (!weights.config.tie_embeddings) visit("lm_head.weight", weights.head_VD);
}

DecoderWeights randomWeights(const ModelConfig& config, std::uint64_t seed, at::Device device, at::ScalarType dtype) {
    const c10::NoGradGuard no_grad;
    DecoderWeights weights = allocateWeights(config, device, dtype);
    at::Generator generator = at::detail::createCPUGenerator(seed);
    // What is added to the residual 2 L times is made smaller, so that its variance does not grow with depth (GPT-2).
    const double residual_std = 0.02 / std::sqrt(2.0 * static_cast<double>(config.num_layers));
    forEachTensor(weights, [&](const std::string& name, at::Tensor& tensor) {
        if (tensor.dim() == 1) {
            tensor.fill_(name.ends_with(".bias") ? 0 : 1);
            return;
        }
        const bool to_residual = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
        // Drawn on the CPU in fp32: the same seed gives the same model on every device.
        at::Tensor draw = at::empty(tensor.sizes(), at::TensorOptions(at::kFloat));
        draw.normal_(0, to_residual ? residual_std : 0.02, generator);
        tensor.copy_(draw);
    });
    return weights;
}

at::ScalarType defaultDtype(at::Device device) {
    if (!device.is_cpu()) return at::kBFloat16;
    const std::unordered_map<std::string, c10::IValue> capabilities = at::cpu::get_cpu_capabilities();
    const auto amx = capabilities.find("amx_bf16");
    return amx != capabilities.end() && amx->second.toBool() ? at::kBFloat16 : at::kFloat;
}

}  // namespace fm
