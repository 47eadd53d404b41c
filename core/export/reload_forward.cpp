#include "core/export/reload_forward.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <limits>

namespace fm {
namespace {

constexpr double kL2Eps = 1e-6;  // fixed in both formats

at::Tensor meanSquareNorm(const at::Tensor& x, double eps) { return x / (x.pow(2).mean(-1, true) + eps).sqrt(); }

class Layers {
public:
    Layers(const ReloadConfig& config, const ReloadTensors& tensors) : config_(config), tensors_(tensors) {}

    at::Tensor run(const at::Tensor& x_BTD, std::size_t layer) const;
    // qwen3_5 multiplies by 1 + w
    at::Tensor norm(const at::Tensor& x, const std::string& name) const;

private:
    bool fla() const { return config_.format == ReloadFormat::Fla; }
    at::Tensor project(const at::Tensor& x, const std::string& name) const;
    at::Tensor fullFla(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor fullQwen(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor attend(const at::Tensor& q_BTHd, const at::Tensor& k_BTKd, const at::Tensor& v_BTKd) const;
    at::Tensor turned(const at::Tensor& x_BTHd) const;
    at::Tensor linearFla(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor linearQwen(const at::Tensor& x_BTD, const std::string& at) const;
    at::Tensor deltaRule(const at::Tensor& q_BTO, const at::Tensor& k_BTO, const at::Tensor& v_BTO,
                         const at::Tensor& a_BTH, const at::Tensor& b_BTH, const std::string& at) const;

    const ReloadConfig& config_;
    const ReloadTensors& tensors_;
};

at::Tensor Layers::norm(const at::Tensor& x, const std::string& name) const {
    const at::Tensor weight = tensors_.take(name);
    return meanSquareNorm(x, config_.eps) * (fla() ? weight : weight + 1);
}

at::Tensor Layers::project(const at::Tensor& x, const std::string& name) const {
    const at::Tensor y = at::matmul(x, tensors_.take(name + ".weight").t());
    return tensors_.stores(name + ".bias") ? y + tensors_.take(name + ".bias") : y;
}

at::Tensor Layers::run(const at::Tensor& x_BTD, std::size_t layer) const {
    const std::string at = "model.layers." + std::to_string(layer) + ".";
    const bool full = config_.full[layer];
    const at::Tensor in_BTD = norm(x_BTD, at + (fla() ? "attn_norm.weight" : "input_layernorm.weight"));
    at::Tensor mixed_BTD;
    if (fla()) mixed_BTD = full ? fullFla(in_BTD, at + "attn.") : linearFla(in_BTD, at + "attn.");
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

// S <- exp(g) S; S <- S + beta k (x) (v - k^T S); o = q^T S, then RMSNorm(o). The inputs have passed SiLU.
at::Tensor Layers::deltaRule(const at::Tensor& q_BTO, const at::Tensor& k_BTO, const at::Tensor& v_BTO,
                             const at::Tensor& a_BTH, const at::Tensor& b_BTH, const std::string& at) const {
    const std::int64_t group = config_.value_heads / config_.key_heads;
    const auto unitHeads = [&](const at::Tensor& x_BTO) {
        const at::Tensor x = x_BTO.unflatten(-1, {config_.key_heads, config_.key_dim});
        return (x / (x.pow(2).sum(-1, true) + kL2Eps).sqrt()).repeat_interleave(group, 2);
    };
    const at::Tensor q = unitHeads(q_BTO) / std::sqrt(static_cast<double>(config_.key_dim));
    const at::Tensor k = unitHeads(k_BTO);
    const at::Tensor v = v_BTO.unflatten(-1, {config_.value_heads, config_.value_dim});
    const at::Tensor keep =
        (-tensors_.take(at + "A_log").exp() * at::softplus(a_BTH + tensors_.take(at + "dt_bias"))).exp();
    const at::Tensor write = b_BTH.sigmoid();
    at::Tensor state_BHkv = at::zeros({q.size(0), q.size(2), q.size(3), v.size(3)}, q.options());
    std::vector<at::Tensor> out_BHv;
    for (std::int64_t t = 0; t < q.size(1); ++t) {
        const at::Tensor k_BHk = k.select(1, t);
        state_BHkv = state_BHkv * keep.select(1, t).unsqueeze(-1).unsqueeze(-1);
        const at::Tensor known_BHv = at::einsum("bhk,bhkv->bhv", {k_BHk, state_BHkv});
        const at::Tensor news_BHv = (v.select(1, t) - known_BHv) * write.select(1, t).unsqueeze(-1);
        state_BHkv = state_BHkv + k_BHk.unsqueeze(-1) * news_BHv.unsqueeze(-2);
        out_BHv.push_back(at::einsum("bhk,bhkv->bhv", {q.select(1, t), state_BHkv}));
    }
    return meanSquareNorm(at::stack(out_BHv, 1), config_.eps);
}

at::Tensor Layers::linearFla(const at::Tensor& x_BTD, const std::string& at) const {
    const at::Tensor normed_BTHd = deltaRule(
        at::silu(project(x_BTD, at + "q_proj")), at::silu(project(x_BTD, at + "k_proj")),
        at::silu(project(x_BTD, at + "v_proj")), project(x_BTD, at + "a_proj"), project(x_BTD, at + "b_proj"), at);
    const at::Tensor out_BTO = (normed_BTHd * tensors_.take(at + "o_norm.weight")).flatten(2);
    return project(out_BTO * at::silu(project(x_BTD, at + "g_proj")), at + "o_proj");
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
    const at::Tensor normed_BTHd =
        deltaRule(parts[0], parts[1], parts[2], project(x_BTD, at + "in_proj_a"), project(x_BTD, at + "in_proj_b"), at);
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
