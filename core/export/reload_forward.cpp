#include "core/export/reload_forward.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <limits>

#include "core/export/reload_mixers.h"

namespace fm {
namespace {

class Layers {
public:
    Layers(const ReloadConfig& config, const ReloadTensors& tensors) : config_(config), tensors_(tensors) {}

    at::Tensor run(const at::Tensor& x_BTD, std::size_t layer) const;
    // qwen3_5 multiplies by 1 + w
    at::Tensor norm(const at::Tensor& x, const std::string& name) const;

private:
    bool fla() const { return config_.format == ReloadFormat::Fla; }
    at::Tensor project(const at::Tensor& x, const std::string& name) const {
        return ReloadLayer{config_, tensors_, ""}.project(x, name);
    }
    at::Tensor fullFla(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor fullQwen(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor attend(const at::Tensor& q_BTHd, const at::Tensor& k_BTKd, const at::Tensor& v_BTKd) const;
    at::Tensor turned(const at::Tensor& x_BTHd) const;
    at::Tensor linearQwen(const at::Tensor& x_BTD, const std::string& at) const;

    const ReloadConfig& config_;
    const ReloadTensors& tensors_;
};

at::Tensor Layers::norm(const at::Tensor& x, const std::string& name) const {
    const at::Tensor weight = tensors_.take(name);
    return meanSquareNorm(x, config_.eps) * (fla() ? weight : weight + 1);
}

at::Tensor Layers::run(const at::Tensor& x_BTD, std::size_t layer) const {
    const std::string at = "model.layers." + std::to_string(layer) + ".";
    const bool full = config_.full[layer];
    const at::Tensor in_BTD = norm(x_BTD, at + (fla() ? "attn_norm.weight" : "input_layernorm.weight"));
    at::Tensor mixed_BTD;
    if (fla() && full) mixed_BTD = fullFla(in_BTD, at + "attn.");
    if (fla() && !full) mixed_BTD = config_.mixer->run({config_, tensors_, at + "attn."}, in_BTD);
    if (!fla()) mixed_BTD = full ? fullQwen(in_BTD, at + "self_attn.") : linearQwen(in_BTD, at + "linear_attn.");
    const at::Tensor y_BTD = x_BTD + mixed_BTD;
    const at::Tensor m_BTD = norm(y_BTD, at + (fla() ? "mlp_norm.weight" : "post_attention_layernorm.weight"));
    const at::Tensor active_BTI = at::silu(project(m_BTD, at + "mlp.gate_proj")) * project(m_BTD, at + "mlp.up_proj");
    return y_BTD + project(active_BTI, at + "mlp.down_proj");
}

at::Tensor Layers::turned(const at::Tensor& x_BTHd) const {
    const std::int64_t half = config_.head_dim / 2;
    const at::TensorOptions options(at::kDouble);
    const at::Tensor speed_h =
        at::pow(config_.rope_theta, at::arange(half, options) * (-1.0 / static_cast<double>(half)));
    const at::Tensor angle_Th = at::outer(at::arange(x_BTHd.size(1), options), speed_h);
    const at::Tensor cos_T1h = angle_Th.cos().unsqueeze(1);
    const at::Tensor sin_T1h = angle_Th.sin().unsqueeze(1);
    const at::Tensor a = x_BTHd.narrow(-1, 0, half);
    const at::Tensor b = x_BTHd.narrow(-1, half, half);
    return at::cat({a * cos_T1h - b * sin_T1h, b * cos_T1h + a * sin_T1h}, -1);
}

at::Tensor Layers::attend(const at::Tensor& q_BTHd, const at::Tensor& k_BTKd, const at::Tensor& v_BTKd) const {
    const std::int64_t group = config_.heads / config_.kv_heads;
    const std::int64_t tokens = q_BTHd.size(1);
    const at::Tensor k_BTHd = k_BTKd.repeat_interleave(group, 2);
    const at::Tensor v_BTHd = v_BTKd.repeat_interleave(group, 2);
    const at::Tensor score_BHTS =
        at::einsum("bthd,bshd->bhts", {q_BTHd, k_BTHd}) / std::sqrt(static_cast<double>(config_.head_dim));
    const at::Tensor future_TS = at::ones({tokens, tokens}, at::TensorOptions(at::kBool)).triu(1);
    const at::Tensor share_BHTS =
        score_BHTS.masked_fill(future_TS, -std::numeric_limits<double>::infinity()).softmax(-1);
    return at::einsum("bhts,bshd->bthd", {share_BHTS, v_BTHd}).flatten(2);
}

at::Tensor Layers::fullFla(const at::Tensor& x_BTD, const std::string& at) const {
    const auto heads = [&](const char* name) {
        return project(x_BTD, at + name).unflatten(-1, {-1, config_.head_dim});
    };
    return project(attend(turned(heads("q_proj")), turned(heads("k_proj")), heads("v_proj")), at + "o_proj");
}

at::Tensor Layers::fullQwen(const at::Tensor& x_BTD, const std::string& at) const {
    const auto heads = [&](const char* name) {
        return project(x_BTD, at + name).unflatten(-1, {-1, config_.head_dim});
    };
    const at::Tensor both_BTH2d = project(x_BTD, at + "q_proj").unflatten(-1, {-1, 2, config_.head_dim});
    const at::Tensor gate_BTO = both_BTH2d.select(3, 1).flatten(2);
    const at::Tensor q_BTHd = turned(norm(both_BTH2d.select(3, 0), at + "q_norm.weight"));
    const at::Tensor k_BTKd = turned(norm(heads("k_proj"), at + "k_norm.weight"));
    return project(attend(q_BTHd, k_BTKd, heads("v_proj")) * gate_BTO.sigmoid(), at + "o_proj");
}

at::Tensor Layers::linearQwen(const at::Tensor& x_BTD, const std::string& at) const {
    const at::Tensor qkv_BTC = project(x_BTD, at + "in_proj_qkv");
    const at::Tensor taps_C1W = tensors_.take(at + "conv1d.weight");
    at::Tensor conv_BTC = at::zeros_like(qkv_BTC);
    for (std::int64_t back = 0; back < std::min(config_.conv_taps, qkv_BTC.size(1)); ++back) {
        const std::int64_t tokens = qkv_BTC.size(1) - back;
        const at::Tensor tap_C = taps_C1W.select(2, config_.conv_taps - 1 - back).squeeze(1);
        conv_BTC.narrow(1, back, tokens) += qkv_BTC.narrow(1, 0, tokens) * tap_C;
    }
    const std::vector<at::Tensor> parts =
        at::split_with_sizes(at::silu(conv_BTC), {config_.keyRows(), config_.keyRows(), config_.valueRows()}, -1);
    const at::Tensor normed_BTHd = reloadDeltaRule({config_, tensors_, at}, parts[0], parts[1], parts[2],
                                                   project(x_BTD, at + "in_proj_a"), project(x_BTD, at + "in_proj_b"));
    const at::Tensor out_BTO = (normed_BTHd * tensors_.take(at + "norm.weight")).flatten(2);
    return project(out_BTO * at::silu(project(x_BTD, at + "in_proj_z")), at + "out_proj");
}

}  // namespace

at::Tensor reloadLogits(const ReloadConfig& config, const ReloadTensors& tensors, const at::Tensor& ids_BT) {
    const c10::NoGradGuard no_grad;
    const Layers layers(config, tensors);
    const std::string embedding = config.format == ReloadFormat::Fla ? "model.embeddings" : "model.embed_tokens";
    at::Tensor x_BTD = at::embedding(tensors.take(embedding + ".weight"), ids_BT);
    for (std::size_t i = 0; i < config.full.size(); ++i) x_BTD = layers.run(x_BTD, i);
    const at::Tensor head_VD = tensors.take((config.tied ? embedding : std::string("lm_head")) + ".weight");
    return at::matmul(layers.norm(x_BTD, "model.norm.weight"), head_VD.t());
}

}  // namespace fm
