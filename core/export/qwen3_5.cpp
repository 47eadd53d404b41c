#include "core/export/qwen3_5.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kConvTaps = 4;

std::vector<std::string> layerTypes(const Plan& plan) {
    std::vector<std::string> types;
    for (const LayerKind kind : plan.kinds) {
        types.push_back(kind == LayerKind::Full ? "full_attention" : "linear_attention");
    }
    return types;
}

std::string qwenConfig(const ModelConfig& config, const Plan& plan, DType dtype) {
    Json json = {{"architectures", {"Qwen3_5ForCausalLM"}},
                 {"model_type", "qwen3_5_text"},
                 {"dtype", torchDtypeName(dtype)},
                 {"vocab_size", config.vocab_size},
                 {"hidden_size", config.hidden_size},
                 {"intermediate_size", config.intermediate_size},
                 {"num_hidden_layers", config.num_layers},
                 {"num_attention_heads", config.num_heads},
                 {"num_key_value_heads", config.num_kv_heads},
                 {"head_dim", config.head_dim},
                 {"hidden_act", "silu"},
                 {"max_position_embeddings", config.max_position},
                 {"rms_norm_eps", config.rms_norm_eps},
                 {"attention_bias", false},
                 {"attention_dropout", 0.0},
                 {"tie_word_embeddings", config.tie_embeddings},
                 {"initializer_range", 0.02},
                 {"use_cache", true},
                 {"rope_parameters",
                  {{"rope_type", "default"}, {"rope_theta", config.rope_theta}, {"partial_rotary_factor", 1.0}}},
                 // In both places: the class's default is 0.25, and readers differ in where they look.
                 {"partial_rotary_factor", 1.0},
                 {"linear_conv_kernel_dim", kConvTaps},
                 {"linear_num_key_heads", config.num_heads},
                 {"linear_num_value_heads", config.num_heads},
                 {"linear_key_head_dim", config.head_dim},
                 {"linear_value_head_dim", config.head_dim},
                 // full_attention_interval stays out: it is the fallback for files without this list.
                 {"layer_types", layerTypes(plan)},
                 {"mamba_ssm_dtype", "float32"}};
    addTokenIds(config, json);
    return json.dump(2) + "\n";
}

// The class multiplies by 1 + w. In float64, so that F32 keeps all digits that it can hold.
at::Tensor zeroCentred(const at::Tensor& weight_D) { return weight_D.to(at::kDouble) - 1; }

// Per head its query rows, then as many gate rows; zero gate rows open the gate to sigmoid(0) = 1/2.
at::Tensor withGateRows(const at::Tensor& q_OD, std::int64_t head_dim) {
    const at::Tensor heads_HdD = q_OD.unflatten(0, {-1, head_dim});
    return at::cat({heads_HdD, at::zeros_like(heads_HdD)}, 1).flatten(0, 1);
}

void addFullLayer(const std::string& prefix, const AttentionWeights& attn, const ModelConfig& config,
                  DraftTensors& out) {
    out.addMatrix(prefix + "q_proj.weight", withGateRows(attn.q.weight_OI, config.head_dim));
    out.addMatrix(prefix + "k_proj.weight", attn.k.weight_OI);
    out.addMatrix(prefix + "v_proj.weight", attn.v.weight_OI);
    out.addMatrix(prefix + "o_proj.weight", attn.o.weight_OI * 2);  // against the gate's 1/2; no rounding
    out.addFp32(prefix + "q_norm.weight", zeroCentred(attn.q_norm_d));
    out.addFp32(prefix + "k_norm.weight", zeroCentred(attn.k_norm_d));
}

// Only the present token: a convolution that does nothing before its SiLU.
at::Tensor identityTaps(std::int64_t channels) {
    at::Tensor taps_C1W = at::zeros({channels, 1, kConvTaps}, at::TensorOptions(at::kFloat));
    taps_C1W.select(2, kConvTaps - 1).fill_(1);
    return taps_C1W;
}

void addLinearAttention(const std::string& prefix, const BranchWeights& branch, const ModelConfig& config,
                        DraftTensors& out) {
    const at::Tensor qkv_OD =
        at::cat({branch.q_OD, expandHeadRows(branch.k_OD, config), expandHeadRows(branch.v_OD, config)}, 0);
    out.addMatrix(prefix + "in_proj_qkv.weight", qkv_OD);
    out.addMatrix(prefix + "in_proj_z.weight", branch.z_OD);
    const GdnTensors own = gdnTensors(branch);
    out.addMatrix(prefix + "in_proj_b.weight", own.b_HD);
    out.addMatrix(prefix + "in_proj_a.weight", own.a_HD);
    out.addMatrix(prefix + "conv1d.weight", identityTaps(qkv_OD.size(0)));
    out.addFp32(prefix + "A_log", own.A_log_H);
    out.addFp32(prefix + "dt_bias", own.dt_bias_H);
    out.addFp32(prefix + "norm.weight", branch.out_norm_d);
    out.addMatrix(prefix + "out_proj.weight", branch.o_DO);
}

void addDecoderLayer(const HybridModel& hybrid, std::size_t index, DraftTensors& out) {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const LayerWeights& layer = hybrid.weights->layers[index];
    out.addFp32(prefix + "input_layernorm.weight", zeroCentred(layer.attn_norm_D));
    if (hybrid.plan.kinds[index] == LayerKind::Full) {
        addFullLayer(prefix + "self_attn.", layer.attn, hybrid.weights->config, out);
    } else {
        addLinearAttention(prefix + "linear_attn.", hybrid.branches->layers[index], hybrid.weights->config, out);
    }
    out.addFp32(prefix + "post_attention_layernorm.weight", zeroCentred(layer.mlp_norm_D));
    out.addMatrix(prefix + "mlp.gate_proj.weight", layer.mlp.gate_ID);
    out.addMatrix(prefix + "mlp.up_proj.weight", layer.mlp.up_ID);
    out.addMatrix(prefix + "mlp.down_proj.weight", layer.mlp.down_DI);
}

// Largest relative error of 1 + bf16(w - 1) against w.
double worstCastError(const at::Tensor& weight) {
    const at::Tensor exact = weight.to(at::kDouble);
    const at::Tensor cast = (exact - 1).to(at::kBFloat16).to(at::kDouble) + 1;
    return at::where(exact == 0, at::zeros_like(exact), (cast - exact).abs() / exact.abs()).max().item<double>();
}

// The rounding trap of zero-centred norms (export.md 3), measured on these weights.
std::string castRemark(const HybridModel& hybrid) {
    double worst = worstCastError(hybrid.weights->final_norm_D);
    for (std::size_t i = 0; i < hybrid.weights->layers.size(); ++i) {
        const LayerWeights& layer = hybrid.weights->layers[i];
        worst = std::max({worst, worstCastError(layer.attn_norm_D), worstCastError(layer.mlp_norm_D)});
        if (hybrid.plan.kinds[i] == LayerKind::Linear) continue;
        worst = std::max({worst, worstCastError(layer.attn.q_norm_d), worstCastError(layer.attn.k_norm_d)});
    }
    char percent[32];
    std::snprintf(percent, sizeof percent, "%.2g %%", 100 * worst);
    return std::string(
               "Norm weights are stored as w - 1 in F32. A reader that casts them to bf16 changes single "
               "weights by up to ") +
           percent + "; cast_to_bf16 under measured is the effect on the logits.";
}

}  // namespace

Verdict judgeQwen3_5(const HybridModel& hybrid) {
    Verdict verdict;
    verdict.loaders = {"transformers 5.2 or later (CPU or GPU)",
                       "vLLM with the text-only class Qwen3_5ForCausalLM registered (0.28 has it)",
                       "llama.cpp, converted by a release that contains its pull request 28208"};
    const ModelConfig& config = hybrid.weights->config;
    judgeBranches(hybrid, "qwen3_5", verdict);
    if (!config.qk_norm) {
        verdict.refuse(
            "The teacher has no norm on q and k, and full attention in qwen3_5 always has one; "
            "use the format fla.");
    }
    if (config.qkv_bias) {
        verdict.refuse("The teacher's q, k and v have biases, and those of qwen3_5 have none.");
    }
    if (config.rope_scaling) {
        verdict.refuse("The teacher scales its rotary frequencies (llama3), which qwen3_5 is not known to do alike.");
    }
    judgeEpsilon(hybrid, verdict);
    if (verdict.exactness == Exactness::NotRepresentable) return verdict;
    verdict.remarks.push_back(castRemark(hybrid));
    verdict.remarks.push_back(
        "SGLang, mlx-lm, vllm-metal and onnxruntime-genai compute the pattern from "
        "full_attention_interval and not from layer_types: they run another model than this.");
    return verdict;
}

ExportDraft draftQwen3_5(const HybridModel& hybrid, DType dtype) {
    const DecoderWeights& weights = *hybrid.weights;
    ExportDraft draft{qwenConfig(weights.config, hybrid.plan, dtype), DraftTensors(dtype)};
    draft.tensors.addMatrix("model.embed_tokens.weight", weights.embed_VD);
    for (std::size_t i = 0; i < weights.layers.size(); ++i) addDecoderLayer(hybrid, i, draft.tensors);
    draft.tensors.addFp32("model.norm.weight", zeroCentred(weights.final_norm_D));
    if (!weights.config.tie_embeddings) draft.tensors.addMatrix("lm_head.weight", weights.head_VD);
    return draft;
}

}  // namespace fm
