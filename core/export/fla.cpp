#include "core/export/fla.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json fullAttention(const ModelConfig& config, const Plan& plan) {
    if (plan.budget() == 0) return nullptr;
    return {{"layers", plan.fullLayers()}, {"num_heads", config.num_heads}, {"num_kv_heads", config.num_kv_heads},
            {"qkv_bias", config.qkv_bias}, {"window_size", nullptr},        {"rope_theta", config.rope_theta}};
}

// Every key is written: defaults of the config class have changed between releases.
std::string configJson(const ModelConfig& config, const Plan& plan, DType dtype) {
    Json json = {{"architectures", {"GatedDeltaNetForCausalLM"}},
                 {"model_type", "gated_deltanet"},
                 {"dtype", torchDtypeName(dtype)},
                 {"attn_mode", "chunk"},
                 {"hidden_size", config.hidden_size},
                 {"expand_v", 1.0},
                 {"use_gate", true},
                 {"use_short_conv", false},
                 {"conv_size", 4},
                 {"allow_neg_eigval", false},
                 {"head_dim", config.head_dim},
                 {"num_heads", config.num_heads},
                 {"num_v_heads", nullptr},
                 {"num_hidden_layers", config.num_layers},
                 {"norm_eps", config.rms_norm_eps},
                 {"hidden_ratio", 4},
                 {"intermediate_size", config.intermediate_size},
                 {"hidden_act", "swish"},
                 {"max_position_embeddings", config.max_position},
                 {"attn", fullAttention(config, plan)},
                 {"use_cache", true},
                 {"tie_word_embeddings", false},
                 {"initializer_range", 0.02},
                 {"fuse_norm", true},
                 {"fuse_swiglu", true},
                 {"fuse_cross_entropy", true},
                 {"fuse_linear_cross_entropy", false},
                 {"use_l2warp", false},
                 {"vocab_size", config.vocab_size},
                 {"attnres_block_size", nullptr}};
    addTokenIds(config, json);
    return json.dump(2) + "\n";
}

void addProjection(const std::string& name, const Linear& linear, DraftTensors& out) {
    out.addMatrix(name + ".weight", linear.weight_OI);
    if (linear.bias_O.defined()) out.addMatrix(name + ".bias", linear.bias_O);
}

void addFullLayer(const std::string& prefix, const AttentionWeights& attn, DraftTensors& out) {
    addProjection(prefix + "q_proj", attn.q, out);
    addProjection(prefix + "k_proj", attn.k, out);
    addProjection(prefix + "v_proj", attn.v, out);
    addProjection(prefix + "o_proj", attn.o, out);
}

void addLinearLayer(const std::string& prefix, const BranchWeights& branch, const ModelConfig& config,
                    DraftTensors& out) {
    out.addMatrix(prefix + "q_proj.weight", branch.q_OD);
    out.addMatrix(prefix + "k_proj.weight", expandHeadRows(branch.k_OD, config));
    out.addMatrix(prefix + "v_proj.weight", expandHeadRows(branch.v_OD, config));
    out.addMatrix(prefix + "a_proj.weight", branch.a_HD);
    out.addMatrix(prefix + "b_proj.weight", branch.b_HD);
    out.addFp32(prefix + "A_log", branch.A_log_H);
    out.addFp32(prefix + "dt_bias", branch.dt_bias_H);
    out.addMatrix(prefix + "g_proj.weight", branch.z_OD);
    out.addFp32(prefix + "o_norm.weight", branch.out_norm_d);
    out.addMatrix(prefix + "o_proj.weight", branch.o_DO);
}

void addLayer(const HybridModel& hybrid, std::size_t index, DraftTensors& out) {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const LayerWeights& layer = hybrid.weights->layers[index];
    out.addFp32(prefix + "attn_norm.weight", layer.attn_norm_D);
    if (hybrid.plan.kinds[index] == LayerKind::Full) {
        addFullLayer(prefix + "attn.", layer.attn, out);
    } else {
        addLinearLayer(prefix + "attn.", hybrid.branches->layers[index], hybrid.weights->config, out);
    }
    out.addFp32(prefix + "mlp_norm.weight", layer.mlp_norm_D);
    out.addMatrix(prefix + "mlp.gate_proj.weight", layer.mlp.gate_ID);
    out.addMatrix(prefix + "mlp.up_proj.weight", layer.mlp.up_ID);
    out.addMatrix(prefix + "mlp.down_proj.weight", layer.mlp.down_DI);
}

}  // namespace

Verdict judgeFla(const HybridModel& hybrid) {
    Verdict verdict;
    verdict.loaders = {
        "flash-linear-attention on a GPU with Triton and flash-attn; with transformers 5 a release that "
        "contains its pull request 754"};
    const ModelConfig& config = hybrid.weights->config;
    judgeBranches(hybrid, "fla", verdict);
    if (config.qk_norm) {
        verdict.refuse(
            "The teacher normalises q and k per head, and full attention in fla has no such norm; "
            "use the format qwen3_5.");
    }
    if (config.num_heads * config.head_dim != config.hidden_size) {
        verdict.refuse("The teacher's head size is " + std::to_string(config.head_dim) +
                       ", and full attention in fla has hidden_size / num_heads = " +
                       std::to_string(config.hidden_size) + " / " + std::to_string(config.num_heads) + ".");
    }
    if (config.rope_scaling) {
        verdict.refuse("The teacher scales its rotary frequencies (llama3), and full attention in fla cannot.");
    }
    judgeEpsilon(hybrid, verdict);
    return verdict;
}

ExportDraft draftFla(const HybridModel& hybrid, DType dtype) {
    const DecoderWeights& weights = *hybrid.weights;
    ExportDraft draft{configJson(weights.config, hybrid.plan, dtype), DraftTensors(dtype)};
    draft.tensors.addMatrix("model.embeddings.weight", weights.embed_VD);
    for (std::size_t i = 0; i < weights.layers.size(); ++i) addLayer(hybrid, i, draft.tensors);
    draft.tensors.addFp32("model.norm.weight", weights.final_norm_D);
    // Always its own tensor: transformers 5 rejects the class's list of tied keys.
    draft.tensors.addMatrix("lm_head.weight", weights.head_VD);
    return draft;
}

}  // namespace fm
